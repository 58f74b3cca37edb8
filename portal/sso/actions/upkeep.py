"""The verbs that keep an SSO connection in good order, also while people sign in through it."""

from django.db import IntegrityError, transaction

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from portal.sso.actions.connections import ConnectionStateWrong, refuse_while_in_use
from portal.sso.models import ClosedIdentity, Connection
from portal.sso.saml.certificates import CertificateWrong, read_certificate
from tenants.access import Actor, action
from tenants.models import Entry
from tenants.permissions import Permission


class ConnectionHasPeople(Refusal):
    code = "connection-has-people"


@action(Permission.SSO_MANAGE, step_up=True)
def rename_connection(connection: Connection, *, actor: Actor, name: str) -> Connection:
    """Call it something else; nobody's sign-in depends on the name. Raises Invalid."""
    if not name.strip():
        raise Invalid("Give the SSO connection a name.", {"name": "Required."})
    connection = Connection.objects.locked(connection.pk)
    connection.name = name.strip()
    try:
        with transaction.atomic():
            connection.save(update_fields=["name"])
    except IntegrityError as taken:
        raise Invalid("There is an SSO connection of this name.", {"name": "Taken."}) from taken
    record(EventName.CONNECTION_CHANGED, actor=actor, target=connection, changed="name")
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def change_options(
    connection: Connection, *, actor: Actor, signs_requests: bool, accepts_unsolicited: bool
) -> Connection:
    """Set the switches of a SAML connection.

    Raises ConnectionStateWrong when the signing of requests would change while people sign in:
    a test login must pass first.
    """
    connection = Connection.objects.locked(connection.pk)
    if signs_requests != connection.signs_requests:
        refuse_while_in_use(connection)
    connection.signs_requests = signs_requests
    connection.accepts_unsolicited = accepts_unsolicited
    connection.version += 1
    connection.save(update_fields=["signs_requests", "accepts_unsolicited", "version"])
    record(
        EventName.CONNECTION_CHANGED,
        actor=actor,
        target=connection,
        changed="options",
        signs_requests=signs_requests,
        accepts_unsolicited=accepts_unsolicited,
    )
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def add_second_certificate(connection: Connection, *, actor: Actor, certificate: str) -> Connection:
    """Trust one more certificate beside the first, for the day the first is replaced.

    Raises Invalid, ConnectionStateWrong while both places are taken.
    """
    connection = Connection.objects.locked(connection.pk)
    if not connection.certificate:
        raise ConnectionStateWrong("Describe the identity provider first.")
    if connection.next_certificate:
        raise ConnectionStateWrong("Both places are taken. Remove the old certificate first.")
    try:
        read = read_certificate(certificate)
    except CertificateWrong as wrong:
        raise Invalid(str(wrong), {"certificate": str(wrong)}) from wrong
    if read.pem == connection.certificate:
        raise Invalid("This certificate is trusted already.", {"certificate": "Already there."})
    connection.next_certificate = read.pem
    _save_certificates(connection)
    record(
        EventName.CONNECTION_CHANGED,
        actor=actor,
        target=connection,
        changed="second certificate added",
        certificate=read.fingerprint,
    )
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def remove_certificate(connection: Connection, *, actor: Actor, fingerprint: str) -> Connection:
    """Trust one of the two certificates no longer; the other stays, in the first place.

    Raises ConnectionStateWrong for the only one, and for one that is not there.
    """
    connection = Connection.objects.locked(connection.pk)
    held = {found.fingerprint: found.pem for found in connection.certificates()}
    if fingerprint not in held:
        raise ConnectionStateWrong("This certificate is not on the list any more.")
    rest = [pem for found, pem in held.items() if found != fingerprint]
    if not rest:
        raise ConnectionStateWrong("This is the only certificate. Add the new one first.")
    connection.certificate, connection.next_certificate = rest[0], ""
    _save_certificates(connection)
    record(
        EventName.CONNECTION_CHANGED,
        actor=actor,
        target=connection,
        changed="certificate removed",
        certificate=fingerprint,
    )
    return connection


@action(Permission.SSO_MANAGE, step_up=True)
def delete_connection(connection: Connection, *, actor: Actor) -> None:
    """Remove a connection that nobody has ever come in through; others are disabled and stay.

    Raises ConnectionStateWrong, ConnectionHasPeople.
    """
    connection = Connection.objects.locked(connection.pk)
    refuse_while_in_use(connection)
    was_used = (
        connection.activated_at is not None
        or Entry.objects.filter(connection_id=connection.pk).exists()
        or ClosedIdentity.objects.filter(connection=connection).exists()
    )
    if was_used:
        raise ConnectionHasPeople(
            "People have signed in through this SSO connection. It stays, disabled, so that their "
            "sign-ins can still be explained."
        )
    record(EventName.CONNECTION_DELETED, actor=actor, target=connection, kind=connection.kind)
    connection.delete()


def _save_certificates(connection: Connection) -> None:
    connection.version += 1
    connection.save(update_fields=["certificate", "next_certificate", "version"])
