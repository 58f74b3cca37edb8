"""What Google, Microsoft and other providers must say beyond the standard, and how they say it."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.sso.models import Connection
from portal.sso.oidc.claims import Claims, address, text
from portal.sso.oidc.discovery import said
from portal.sso.oidc.findings import Finding, found
from portal.sso.refusals import Reason

# Where Microsoft keeps everybody's private accounts: nobody's directory.
CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")

KindRule = Callable[[Claims, Connection], Finding]


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one kind of provider speaks of a person."""

    rules: tuple[KindRule, ...]
    address: Callable[[Claims], str]
    subject: Callable[[Claims], str]


def is_directory(tenant_id: str) -> bool:
    """A Microsoft directory of somebody's own, by its id in lower case."""
    return _GUID.fullmatch(tenant_id) is not None and tenant_id != CONSUMERS


def workspace_domain(claims: Claims, connection: Connection) -> Finding:
    """Google's own word on which company's account this is; private ones have none."""
    domain = text(claims, "hd").lower()
    return found(
        Reason.HOSTED_DOMAIN,
        _("Workspace domain (hd)"),
        passed=bool(domain) and domain == connection.hosted_domain,
        expected=connection.hosted_domain,
        received=domain or _("nothing: a private Google account"),
        fix=_("Sign in with a work account, or correct the Workspace domain."),
    )


def directory(claims: Claims, connection: Connection) -> Finding:
    tenant_id = text(claims, "tid").lower()
    is_own = is_directory(tenant_id) and tenant_id == connection.tenant_id
    return found(
        Reason.TENANT,
        _("Microsoft tenant (tid)"),
        passed=is_own,
        expected=connection.tenant_id,
        received=_("a private Microsoft account") if tenant_id == CONSUMERS else said(tenant_id),
        fix=_("Sign in with a work account, or correct the Microsoft tenant ID."),
    )


def object_id(claims: Claims, _connection: Connection) -> Finding:
    """`sub` differs between applications; `oid` is the person in the directory."""
    is_id = _GUID.fullmatch(text(claims, "oid").lower()) is not None
    return found(
        Reason.SUBJECT,
        _("Names the person lastingly (oid)"),
        passed=is_id,
        expected=_("an object ID"),
        received=_("an object ID") if is_id else said(claims.get("oid")),
        fix=_("Ask for the profile scope; Microsoft then sends oid."),
    )


def verified_address(claims: Claims, _connection: Connection) -> Finding:
    """True, not the text "true", and not left out."""
    value = claims.get("email_verified")
    return found(
        Reason.EMAIL_NOT_VERIFIED,
        _("E-mail address verified (email_verified)"),
        passed=value is True,
        expected="true",
        received=f'"{value}"' if isinstance(value, str) else said(value).lower(),
        fix=_("The provider must confirm the address and send email_verified as true."),
    )


def _email(claims: Claims) -> str:
    return address(claims, "email")


def _email_at_microsoft(claims: Claims) -> str:
    """Only where the domain is proven, which admission checks; never the identity itself."""
    return address(claims, "email", "preferred_username")


def _sub(claims: Claims) -> str:
    return str(claims.get("sub"))


def _directory_object(claims: Claims) -> str:
    return f"{text(claims, 'tid').lower()}:{text(claims, 'oid').lower()}"


_Kind = Connection.Kind
DIALECTS: Mapping[str, Dialect] = {
    _Kind.GOOGLE: Dialect((workspace_domain, verified_address), _email, _sub),
    _Kind.MICROSOFT: Dialect((directory, object_id), _email_at_microsoft, _directory_object),
    _Kind.OIDC: Dialect((verified_address,), _email, _sub),
}
