"""The verbs of our own keys of a connection: prepared, promoted, retired."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from portal.sso.models import Connection, ConnectionKey
from portal.sso.models.keys import KeyState
from tenants.access import Actor, action
from tenants.permissions import Permission


class KeyStateWrong(Refusal):
    code = "connection-key-state"


@action(Permission.SSO_MANAGE, step_up=True)
def prepare_key(connection: Connection, *, actor: Actor, at: datetime) -> ConnectionKey:
    """Make the next key pair; the metadata names it from now on, nothing signs with it yet.

    Raises KeyStateWrong when there is a next one already, or no use for one.
    """
    connection = Connection.objects.locked(connection.pk)
    if not connection.is_saml:
        raise KeyStateWrong("Only a SAML connection has keys of ours.")
    keys = ConnectionKey.objects.filter(connection=connection)
    if keys.next().exists():
        raise KeyStateWrong("A next certificate is prepared already. Put it to use first.")
    key = ConnectionKey.made(connection, at=at)
    if not keys.current().exists():
        # With nothing in use there is nobody whose copy of our metadata could be out of date.
        key.promote(at=at)
    key.save(force_insert=True)
    record(
        EventName.CONNECTION_KEY_PREPARED,
        actor=actor,
        target=connection,
        fingerprint=key.describe().fingerprint,
    )
    return key


@action(Permission.SSO_MANAGE, step_up=True)
def promote_key(key: ConnectionKey, *, actor: Actor, at: datetime) -> ConnectionKey:
    """Sign with the next key from now on; the former one still opens assertions until retired.

    Raises KeyStateWrong.
    """
    connection = Connection.objects.locked(key.connection_id)
    key = ConnectionKey.objects.locked(key.pk)
    if key.state is not KeyState.NEXT:
        raise KeyStateWrong("Only the next certificate can be put to use.")
    before = ConnectionKey.objects.filter(connection=connection).current().first()
    if before is not None:
        before.replace(at=at)
        before.save(update_fields=["replaced_at"])
    key.promote(at=at)
    key.save(update_fields=["promoted_at"])
    record(
        EventName.CONNECTION_KEY_PROMOTED,
        actor=actor,
        target=connection,
        fingerprint=key.describe().fingerprint,
    )
    return key


@action(Permission.SSO_MANAGE, step_up=True)
def retire_key(key: ConnectionKey, *, actor: Actor, at: datetime) -> ConnectionKey:
    """Destroy the secret of a key that is not in use. Raises KeyStateWrong."""
    connection = Connection.objects.locked(key.connection_id)
    key = ConnectionKey.objects.locked(key.pk)
    if key.state is KeyState.CURRENT:
        raise KeyStateWrong("This certificate is in use. Prepare and promote the next one first.")
    if key.state is KeyState.RETIRED:
        raise KeyStateWrong("This certificate is retired already.")
    key.retire(at=at)
    key.save(update_fields=["retired_at", "sealed_private_key"])
    record(
        EventName.CONNECTION_KEY_RETIRED,
        actor=actor,
        target=connection,
        fingerprint=key.describe().fingerprint,
    )
    return key
