"""The verbs of watching over a connection: its metadata, its certificates, its state."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from portal.sso.configuration import configuration_digest, is_tested
from portal.sso.models import CertificateNotice, Connection, ConnectionKey
from portal.sso.rolling import Slots, outlasting, remembered, rolled
from portal.sso.rules import CHECK_AGAIN, CHECK_EVERY
from portal.sso.saml.certificates import Certificate
from portal.sso.saml.idp_metadata import IdentityProvider
from portal.sso.trouble import NOTICE_DAYS, notice_level, trouble_with
from tenants.access import Actor, action
from tenants.permissions import Permission

MAX_CONTACT = 120
_STATE_FIELDS = ["state", "degraded_at", "degraded_because"]
_SLOT_FIELDS = ["certificate", "next_certificate", "tested_digest", "version"]
_METADATA_FIELDS = [
    "metadata_checked_at",
    "metadata_check_after",
    "metadata_error",
    "metadata_failing_since",
    "metadata_fingerprints",
    "proposed_sso_url",
]


class NothingProposed(Refusal):
    code = "nothing-proposed"


@action(Permission.SSO_MANAGE)
def apply_metadata(
    connection: Connection, *, actor: Actor, at: datetime, provider: IdentityProvider
) -> Connection:
    """Take over new certificates from metadata that was read; propose a new address.

    Another entity ID is another identity provider: then nothing is taken over.
    """
    connection = Connection.objects.locked(connection.pk)
    if not connection.is_in_use:
        return connection
    if provider.entity_id != connection.idp_entity_id:
        _note_failure(connection, at=at, because=_another(provider.entity_id))
    else:
        _note_success(connection, at=at, provider=provider)
        slots = Slots(connection.certificate, connection.next_certificate)
        seen = connection.metadata_fingerprints
        _change_slots(connection, rolled(slots, provider.certificates, seen=seen), actor=actor)
        connection.metadata_fingerprints = remembered(seen, slots.first, *provider.certificates)
    connection.save(update_fields=_METADATA_FIELDS)
    _settle(connection, actor=actor, at=at)
    return connection


@action(Permission.SSO_MANAGE)
def miss_metadata(
    connection: Connection, *, actor: Actor, at: datetime, because: str
) -> Connection:
    """Note that the metadata could not be read; the last good data stays in use."""
    connection = Connection.objects.locked(connection.pk)
    if connection.is_in_use:
        _note_failure(connection, at=at, because=because)
        connection.save(update_fields=_METADATA_FIELDS)
        _settle(connection, actor=actor, at=at)
    return connection


@action(Permission.SSO_MANAGE)
def promote_certificate(
    connection: Connection, *, actor: Actor, at: datetime, fingerprint: str
) -> Connection:
    """Make the second certificate the first: the identity provider has signed with it.

    Only towards the one that ends later, so that two servers with two keys do not swap them at
    every sign-in.
    """
    connection = Connection.objects.locked(connection.pk)
    held = connection.certificates()
    if len(held) > 1 and _is_newer(held, fingerprint):
        _change_slots(connection, Slots(held[1].pem, held[0].pem), actor=actor)
        _settle(connection, actor=actor, at=at)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def accept_address(
    connection: Connection, *, actor: Actor, at: datetime, sso_url: str
) -> Connection:
    """Send people to the sign-in address that the metadata names now.

    `sso_url` is what the admin has seen. Raises NothingProposed when that is no longer proposed.
    """
    connection = Connection.objects.locked(connection.pk)
    if not sso_url or connection.proposed_sso_url != sso_url:
        raise NothingProposed(_("The metadata names another address by now. Look again."))
    before, connection.idp_sso_url = connection.idp_sso_url, sso_url
    connection.proposed_sso_url = ""
    connection.version += 1
    connection.save(update_fields=["idp_sso_url", "proposed_sso_url", "version"])
    record(
        EventName.CONNECTION_CHANGED,
        actor=actor,
        target=connection,
        changed="sign-in address",
        before=before,
        after=sso_url,
    )
    _settle(connection, actor=actor, at=at)
    return connection


@action(Permission.SSO_MANAGE)
def watch_connection(connection: Connection, *, actor: Actor, at: datetime) -> Connection:
    """Give the notices that are due, and set the state right: needs attention, or recovered."""
    connection = Connection.objects.locked(connection.pk)
    if connection.is_in_use:
        _replace_expired(connection, actor=actor, at=at)
        for certificate, side in _watched(connection):
            _give_notice(connection, certificate, actor=actor, at=at, side=side)
        _settle(connection, actor=actor, at=at)
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def set_help_contact(connection: Connection, *, actor: Actor, text: str) -> Connection:
    """Say whom a refused person may ask; everybody can read it. Raises Invalid."""
    text = " ".join(text.split())
    if len(text) > MAX_CONTACT or not text.isprintable():
        raise Invalid(_("One line of at most 120 letters."), {"help_contact": _("Too long.")})
    connection = Connection.objects.locked(connection.pk)
    connection.help_contact = text
    connection.save(update_fields=["help_contact"])
    record(EventName.CONNECTION_CHANGED, actor=actor, target=connection, changed="whom to ask")
    return connection


def _another(entity_id: str) -> str:
    return _("The metadata describes another identity provider: %(name)s") % {"name": entity_id}


def _note_success(connection: Connection, *, at: datetime, provider: IdentityProvider) -> None:
    connection.metadata_checked_at = at
    connection.metadata_check_after = at + CHECK_EVERY
    connection.metadata_error, connection.metadata_failing_since = "", None
    is_same = provider.sso_url == connection.idp_sso_url
    connection.proposed_sso_url = "" if is_same else provider.sso_url


def _note_failure(connection: Connection, *, at: datetime, because: str) -> None:
    connection.metadata_check_after = at + CHECK_AGAIN
    connection.metadata_error = because[:300]
    connection.metadata_failing_since = connection.metadata_failing_since or at


def _change_slots(connection: Connection, slots: Slots, *, actor: Actor) -> None:
    """A connection that was tested stays so: the same identity provider has changed its key."""
    before = Slots(connection.certificate, connection.next_certificate)
    if slots == before:
        return
    was_tested = is_tested(connection)
    connection.certificate, connection.next_certificate = slots.first, slots.second
    if was_tested:
        connection.tested_digest = configuration_digest(connection)
    connection.version += 1
    connection.save(update_fields=_SLOT_FIELDS)
    record(
        EventName.CONNECTION_ROLLED,
        actor=actor,
        target=connection,
        changed=_said(before, slots),
        certificates=[certificate.fingerprint for certificate in connection.certificates()],
    )


def _said(before: Slots, after: Slots) -> str:
    if after.first == before.second:
        return "the second one is the first now"
    if after.first != before.first:
        return "replaced by the one that the metadata names"
    return "a second one is trusted too" if after.second else "the second one is gone"


def _is_newer(held: Sequence[Certificate], fingerprint: str) -> bool:
    first, second = held
    return second.fingerprint == fingerprint and second.expires_at > first.expires_at


def _replace_expired(connection: Connection, *, actor: Actor, at: datetime) -> None:
    """The second certificate takes over when the first has ended."""
    held = connection.certificates()
    if len(held) > 1 and held[0].expires_at <= at < held[1].expires_at:
        _change_slots(connection, Slots(held[1].pem), actor=actor)


def _watched(connection: Connection) -> list[tuple[Certificate, str]]:
    """On each side the certificate that ends last: with a successor in place, nobody must act."""
    ours = ConnectionKey.objects.filter(connection=connection).published()
    sides = {
        "identity provider": outlasting(connection.certificates()),
        "ours": outlasting([key.describe() for key in ours]),
    }
    return [(certificate, side) for side, certificate in sides.items() if certificate]


def _give_notice(
    connection: Connection, certificate: Certificate, *, actor: Actor, at: datetime, side: str
) -> None:
    """Once for each level; a certificate that comes late has passed the earlier ones."""
    due = notice_level(certificate.expires_at, at=at)
    given = CertificateNotice.objects.filter(
        connection=connection, fingerprint=certificate.fingerprint
    )
    if due is None or given.filter(level=due).exists():
        return
    known = set(given.values_list("level", flat=True))
    CertificateNotice.objects.bulk_create(
        CertificateNotice(
            organization_id=connection.organization_id,
            connection=connection,
            fingerprint=certificate.fingerprint,
            level=level,
            given_at=at,
        )
        for level in NOTICE_DAYS
        if level >= due and level not in known
    )
    record(
        EventName.CONNECTION_CERTIFICATE_ENDING,
        actor=actor,
        target=connection,
        days=due,
        until=certificate.expires_at,
        side=side,
        fingerprint=certificate.fingerprint,
    )


def _settle(connection: Connection, *, actor: Actor, at: datetime) -> None:
    """Active or needing attention, by what is true now; each change is told once."""
    trouble = trouble_with(connection, at=at)
    if trouble == connection.degraded_because or not connection.is_saml:
        return
    if trouble:
        connection.degrade(at=connection.degraded_at or at, because=trouble)
        connection.save(update_fields=_STATE_FIELDS)
        record(
            EventName.CONNECTION_DEGRADED,
            actor=actor,
            target=connection,
            reason=trouble.rstrip("."),
        )
    else:
        connection.recover()
        connection.save(update_fields=_STATE_FIELDS)
        record(EventName.CONNECTION_RECOVERED, actor=actor, target=connection)
