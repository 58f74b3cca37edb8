"""Lists every credential of the person before any of them is destroyed."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime

from allauth.socialaccount.models import SocialAccount
from django.db.models import Q
from django.utils.translation import gettext as _

from portal.fulfilment.probes.handles import note_credential
from portal.fulfilment.revocation.subject import account_of, subject_of
from portal.fulfilment.work import Finished, Job, Outcome
from portal.sso.models import Connection
from portal.tickets.models import Ticket
from tenants.models import ApiToken, Entry, Invitation, Membership


@dataclass(frozen=True, slots=True)
class Credential:
    kind: str
    label: str
    identity: str
    handle: dict[str, str] = field(default_factory=dict)
    last_used_at: datetime | None = None


def list_credentials(job: Job) -> Outcome:
    """Sessions, tokens, sign-in, SSO identities and open invitations, as of the containment."""
    found: dict[str, int] = {}
    for credential in _credentials(job.ticket, job.ticket.contained_at or job.at):
        note_credential(
            job.ticket,
            kind=credential.kind,
            label=credential.label,
            identity=credential.identity,
            handle=credential.handle,
            last_used_at=credential.last_used_at,
        )
        found[credential.kind] = found.get(credential.kind, 0) + 1
    return Finished(found)


def _credentials(ticket: Ticket, since: datetime) -> Iterator[Credential]:
    account = account_of(ticket)
    if account is not None:
        yield from _tokens(Q(service_account=account), since)
        return
    membership = subject_of(ticket)
    yield from _sessions(membership, since)
    yield from _tokens(Q(owner=membership), since)
    yield from _password(membership)
    yield from _identities(membership)
    yield from _invitations(membership, since)


def _sessions(membership: Membership, since: datetime) -> Iterator[Credential]:
    ended_by_us = Q(ended_at__isnull=True) | Q(ended_at__gte=since)
    for entry in Entry.objects.filter(ended_by_us, membership=membership):
        yield Credential(
            "session",
            entry.device or str(entry.get_method_display()),
            entry.session_key,
            {"session_key": entry.session_key},
            entry.seen_at,
        )


def _tokens(whose: Q, since: datetime) -> Iterator[Credential]:
    usable = Q(revoked_at__isnull=True) | Q(revoked_at__gte=since)
    tokens = ApiToken.objects.filter(usable, whose, expires_at__gt=since)
    for token in tokens:
        yield Credential(
            "token",
            str(token),
            token.digest,
            {
                "prefix": token.prefix,
                "digest": token.digest,
            },
            token.last_used_at,
        )


def _password(membership: Membership) -> Iterator[Credential]:
    user = membership.user
    if user is not None and user.has_usable_password():
        handle = {"user": str(user.pk)}
        yield Credential("password", _("Password"), str(user.pk), handle, user.last_login)
        yield Credential("reset", _("Link to set a new password"), str(user.pk), handle)


def _identities(membership: Membership) -> Iterator[Credential]:
    """The links that are there now; a repair lists one that came back."""
    for connection in Connection.objects.all():
        accounts = SocialAccount.objects.filter(
            user_id=membership.user_id, provider=connection.provider_id
        )
        for account in accounts:
            handle = {
                "connection": str(connection.pk),
                "subject": account.uid,
                "email": membership.email,
            }
            identity = f"{connection.pk}\0{account.uid}"
            yield Credential("sso", connection.name, identity, handle, account.last_login)


def _invitations(membership: Membership, since: datetime) -> Iterator[Credential]:
    """To the person, and by the person: a friend's invitation must not outlive them."""
    theirs = Q(email=membership.email) | Q(invited_by=membership)
    was_open = Q(cancelled_at__isnull=True) | Q(cancelled_at__gte=since)
    invitations = Invitation.objects.filter(
        theirs, was_open, accepted_at__isnull=True, expires_at__gt=since
    )
    for invitation in invitations:
        own = invitation.email == membership.email
        yield Credential(
            "invitation",
            _("Invitation to the person") if own else _("Invitation sent by the person"),
            f"{invitation.pk}.{invitation.version}",
            {"invitation": str(invitation.pk), "version": str(invitation.version)},
        )
