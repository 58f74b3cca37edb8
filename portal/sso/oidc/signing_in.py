"""From the code a browser brought back to the verdict, step by step; what fails is a finding."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from portal.sso.models import Connection
from portal.sso.oidc.claims import Claims
from portal.sso.oidc.discovery import ProviderMetadata, discover, said
from portal.sso.oidc.examining import examine_claims, read_token
from portal.sso.oidc.exchanging import Tokens, ask_about, redeem_code
from portal.sso.oidc.findings import Asked, Examination, Finding, found, refused
from portal.sso.refusals import Reason, SignInRefused


@dataclass(frozen=True, slots=True)
class Returned:
    """What the browser brought back from the provider."""

    code: str
    # RFC 9207: who the answer says it is from.
    issuer: str | None
    verifier: str


def examine_sign_in(connection: Connection, returned: Returned, *, asked: Asked) -> Examination:
    """Every step that could be made, up to the first that came to nothing."""
    try:
        provider = discover(asked.application.issuer)
    except SignInRefused as refusal:
        return Examination((_discovery(refusal),))
    steps = (_discovered(provider), _sender(provider, returned.issuer))
    if not steps[-1].check.passed:
        return Examination(steps)
    try:
        tokens = redeem_code(
            provider, asked.application, code=returned.code, verifier=returned.verifier
        )
    except SignInRefused as refusal:
        return Examination((*steps, _no_tokens(refusal)))
    return _judged(connection, tokens, provider, asked=asked, steps=(*steps, _tokens()))


def _judged(
    connection: Connection,
    tokens: Tokens,
    provider: ProviderMetadata,
    *,
    asked: Asked,
    steps: tuple[Finding, ...],
) -> Examination:
    findings, claims = read_token(tokens.id_token, provider)
    if claims is None:
        return Examination((*steps, *findings))
    try:
        claims = _completed(connection, claims, tokens, provider=provider)
    except SignInRefused as refusal:
        return Examination((*steps, *findings, _no_userinfo(refusal)))
    return examine_claims(claims, connection, asked=asked, before=(*steps, *findings))


def _completed(
    connection: Connection, claims: Claims, tokens: Tokens, *, provider: ProviderMetadata
) -> Claims:
    """With the userinfo of providers that keep the address out of the ID token.

    The address and the word that it is verified come from one place, never one from each.
    """
    is_thin = connection.kind == Connection.Kind.OIDC and "email" not in claims
    if not (is_thin and tokens.access_token and provider.userinfo_endpoint):
        return claims
    about = ask_about(provider, tokens, subject=claims.get("sub"))
    signed = {name: value for name, value in claims.items() if name != "email_verified"}
    return {**about, **signed}


def _discovery(refusal: SignInRefused) -> Finding:
    return refused(
        _("Discovery"),
        refusal,
        fix=_("Open the provider's /.well-known/openid-configuration and compare the issuer."),
    )


def _discovered(provider: ProviderMetadata) -> Finding:
    return found(
        Reason.WRONG_ANSWER,
        _("Discovery"),
        passed=True,
        expected=provider.issuer,
        received=provider.issuer,
    )


def _sender(provider: ProviderMetadata, issuer: str | None) -> Finding:
    """An answer of another provider must not be redeemed at this one."""
    is_right = issuer == provider.issuer if issuer is not None else not provider.names_itself
    return found(
        Reason.ISSUER,
        _("The answer comes from this provider (iss)"),
        passed=is_right,
        expected=provider.issuer,
        received=said(issuer),
        fix=_("Start the sign-in again; something led the browser to another provider."),
    )


def _tokens() -> Finding:
    return found(
        Reason.NOT_SUCCESS,
        _("Token endpoint"),
        passed=True,
        expected=_("tokens for the code"),
        received=_("tokens"),
    )


def _no_tokens(refusal: SignInRefused) -> Finding:
    return refused(
        _("Token endpoint"),
        refusal,
        fix=_("Check the client ID, the client secret and the redirect address there."),
    )


def _no_userinfo(refusal: SignInRefused) -> Finding:
    return refused(
        _("Userinfo"),
        refusal,
        fix=_("Let the provider put the email claim into the ID token."),
    )
