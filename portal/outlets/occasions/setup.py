"""Letters about single sign-on being set up by somebody without an account."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from portal.sso.holding import signed_of
from portal.sso.models import Connection, SetupLink
from tenants.permissions import Permission


def _write_link(now: Situation) -> Letter | None:
    """Rebuilds the link from the row as it stands; one that is over is not sent."""
    link = SetupLink.objects.filter(pk=to.subject_of(now.event)).first()
    if link is None or not link.is_open(at=now.at):
        return None
    if link.version != now.event.facts.get("version"):
        return None
    giver = now.name("actor") or _("An administrator")
    return Letter(
        subject=_("Set up single sign-on for %(name)s") % {"name": now.organization.name},
        text=[
            _("%(who)s asks you to connect the identity provider of %(name)s with Gatehouse.")
            % {"who": giver, "name": now.organization.name},
            _(
                "You need no account. Have one at hand that may add an application at your "
                "identity provider, and access to your DNS."
            ),
        ],
        facts=[(_("The link works until"), utc(link.expires_at))],
        link=address_of("setup-open", signed_of(link)),
        link_label=_("Set up single sign-on"),
        closing=_("It works in the one browser that opens it first. Do not pass it on."),
    )


def _by_link(event: Event, at: datetime) -> to.Chosen:
    """What the holder of a link did is told to everybody who could have done it here."""
    return to.holders(Permission.SSO_MANAGE)(event, at) if event.actor_kind == "setup_link" else []


def _write_activated(now: Situation) -> Letter | None:
    connection = Connection.objects.filter(pk=to.subject_of(now.event)).first()
    if connection is None:
        return None
    return Letter(
        subject=_("Single sign-on was activated through a set-up link"),
        text=[
            _("the SSO connection %(name)s signs people in from now on.")
            % {"name": connection.name},
            _("It passed its test login. Passwords go on working until you say otherwise."),
        ],
        facts=[(_("Activated"), utc(now.event.occurred_at))],
        link=address_of("connection-show", now.slug, connection.pk),
        link_label=_("Look at it"),
        closing=_("Were you not expecting this? Disable it, and revoke the set-up link."),
    )


OCCASIONS = (
    Occasion(
        letter="setup-link",
        names=frozenset({EventName.SETUP_LINK_CREATED}),
        choose=to.setup_holder,
        write=_write_link,
    ),
    Occasion(
        letter="setup-activated",
        names=frozenset({EventName.CONNECTION_ACTIVATED}),
        choose=_by_link,
        write=_write_activated,
    ),
)
