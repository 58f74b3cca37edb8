"""Letters about coming into a workspace."""

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.links import Purpose, signed_link
from tenants.models import Invitation


def _write_invitation(now: Situation) -> Letter | None:
    """Rebuilds the link from the row as it stands; a newer one has its own event and letter."""
    invitation = Invitation.objects.filter(pk=to.subject_of(now.event)).first()
    if invitation is None or not invitation.is_open(at=now.at):
        return None
    if invitation.version != now.event.facts.get("version"):
        return None
    secret = signed_link(
        Purpose.INVITATION,
        organization_id=invitation.organization_id,
        row_id=invitation.pk,
        version=invitation.version,
    )
    link = address_of("invitation-accept", secret)
    until = [(_("The link works until"), utc(invitation.expires_at))]
    write = _founding if invitation.is_founding else _joining
    return write(now, link, until)


def _founding(now: Situation, link: str, until: list[tuple[str, str]]) -> Letter:
    return Letter(
        subject=_("Set up your workspace %(name)s") % {"name": now.organization.name},
        text=[
            _("the workspace of %(name)s is ready, and you are its first owner.")
            % {"name": now.organization.name},
            _(
                "The link below leads to your account and a short checklist: "
                "second factor, single sign-on, colleagues."
            ),
        ],
        facts=until,
        link=link,
        link_label=_("Set up the workspace"),
        closing=_("The link is for you alone. Do not pass it on."),
    )


def _joining(now: Situation, link: str, until: list[tuple[str, str]]) -> Letter:
    inviter = now.name("actor") or _("Your administrator")
    return Letter(
        subject=_("You are invited to %(name)s") % {"name": now.organization.name},
        text=[
            _("%(who)s invites you to the workspace of %(name)s.")
            % {"who": inviter, "name": now.organization.name}
        ],
        facts=until,
        link=link,
        link_label=_("Accept the invitation"),
        closing=_("You were not expecting this? Then leave the link alone; it ends by itself."),
    )


def _of_this_organization(event: Event, _at: object) -> list[str]:
    """The vendor's log has an event of its own about the same creation."""
    return [to.SECURITY] if event.target_id == event.organization_id else []


def _write_created(now: Situation) -> Letter | None:
    if now.organization.is_vendor:
        return None
    return Letter(
        subject=_("A workspace was created for %(name)s") % {"name": now.organization.name},
        text=[
            _(
                "you are named as the security contact. You will hear from us when a request is "
                "late, when support asks for access, and in case of an incident."
            ),
            _("Not right? Answer the vendor's security team, before anybody uses the workspace."),
        ],
        facts=[
            (_("Address"), address_of("home-show", now.slug)),
            (_("Created"), utc(now.event.occurred_at)),
        ],
    )


OCCASIONS = (
    Occasion(
        letter="invitation",
        names=frozenset({EventName.INVITATION_SENT}),
        choose=to.invited,
        write=_write_invitation,
    ),
    Occasion(
        letter="workspace-created",
        names=frozenset({EventName.ORGANIZATION_CREATED}),
        choose=_of_this_organization,
        write=_write_created,
    ),
)
