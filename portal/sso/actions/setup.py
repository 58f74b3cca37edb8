"""The verbs of set-up links: made, opened by one browser, finished or revoked."""

from datetime import datetime, timedelta

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, Refusal
from portal.sso.actions.connections import create_connection, refuse_while_in_use
from portal.sso.models import Connection, SetupLink
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission

LINK_LASTS = timedelta(hours=24)
# More than anybody needs at a time; a forgotten script cannot fill the page.
MOST_OPEN = 10


class SetupLinkOver(Refusal):
    code = "setup-link-over"


class SetupLinkTaken(Refusal):
    code = "setup-link-taken"


@action(Permission.SSO_MANAGE, step_up=True)
def create_setup_link(
    *, actor: Actor, at: datetime, email: str = "", connection: Connection | None = None
) -> SetupLink:
    """Let somebody without an account set up one SSO connection within 24 hours.

    With `connection` they go on with that draft, else they begin one. Raises Invalid,
    ConnectionStateWrong for a connection that people sign in through.
    """
    if actor.membership is None:
        raise NotPermitted("Only a member can let somebody else set up single sign-on.")
    if connection is not None:
        connection = Connection.objects.locked(connection.pk)
        refuse_while_in_use(connection)
    if SetupLink.objects.all().open(at=at).count() >= MOST_OPEN:
        raise Invalid(f"There are {MOST_OPEN} open set-up links. Revoke one of them first.")
    link: SetupLink = SetupLink.objects.create(
        connection=connection,
        created_by=actor.membership,
        email=email.strip().lower(),
        created_at=at,
        expires_at=at + LINK_LASTS,
    )
    record(
        EventName.SETUP_LINK_CREATED,
        actor=actor,
        target=link,
        version=link.version,
        until=link.expires_at.isoformat(timespec="seconds"),
        mailed=bool(link.email),
    )
    return link


@action(None)
def open_setup_link(
    link: SetupLink, *, actor: Actor, at: datetime, version: int, digest: str, device: str = ""
) -> SetupLink:
    """Bind the link to the one browser that holds what `digest` is made of.

    The actor is the stranger at the door. Raises SetupLinkOver, SetupLinkTaken.
    """
    link = SetupLink.objects.locked(link.pk)
    if link.version != version or not link.is_open(at=at):
        raise SetupLinkOver("This set-up link no longer works. Ask for a new one.")
    if link.opened_at is not None:
        raise SetupLinkTaken("This set-up link is in use in another browser. Ask for a new one.")
    link.opened_at, link.holder_digest = at, digest
    link.device, link.address = device[:200], actor.address or None
    link.save(update_fields=["opened_at", "holder_digest", "device", "address"])
    record(EventName.SETUP_LINK_OPENED, actor=actor, target=link)
    return link


@action(Permission.SSO_MANAGE)
def draft_by_setup_link(
    link: SetupLink, *, actor: Actor, at: datetime, name: str, kind: str
) -> Connection:
    """Begin the one connection that the link is for. Raises Invalid, SetupLinkTaken."""
    link = SetupLink.objects.locked(link.pk)
    if link.connection_id is not None:
        raise SetupLinkTaken("This set-up link has its SSO connection already. Go on with that.")
    connection = create_connection(actor=actor, at=at, name=name, kind=kind)
    link.connection = connection
    link.save(update_fields=["connection"])
    return connection


@action(Permission.SSO_MANAGE)
def finish_setup(link: SetupLink, *, actor: Actor, at: datetime) -> SetupLink:
    """The holder is done: the link opens nothing any more. Raises SetupLinkOver."""
    link = SetupLink.objects.locked(link.pk)
    if actor.kind is not ActorKind.SETUP_LINK or actor.id != link.pk:
        raise NotPermitted("Only its holder can finish a set-up link.")
    if not link.is_open(at=at):
        raise SetupLinkOver("This set-up link is over already.")
    link.finished_at = at
    link.save(update_fields=["finished_at"])
    record(EventName.SETUP_LINK_FINISHED, actor=actor, target=link)
    return link


@action(Permission.SSO_MANAGE)
def revoke_setup_link(link: SetupLink, *, actor: Actor, at: datetime) -> SetupLink:
    """Close it at once, also in the middle of somebody's work. Raises SetupLinkOver."""
    link = SetupLink.objects.locked(link.pk)
    if not link.is_open(at=at):
        raise SetupLinkOver("This set-up link is over already.")
    link.revoked_at = at
    link.version += 1
    link.save(update_fields=["revoked_at", "version"])
    record(EventName.SETUP_LINK_REVOKED, actor=actor, target=link)
    return link
