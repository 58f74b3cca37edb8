"""Letters about the directory: removals that wait for a decision, and an owner who was kept."""

from django.utils.translation import gettext as _

from audit.names import EventName
from portal.directory.models import DirectoryHold
from portal.directory.rules import HoldStatus
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.permissions import Permission


def _write_held(now: Situation) -> Letter | None:
    hold = DirectoryHold.objects.filter(pk=to.subject_of(now.event)).first()
    if hold is None or hold.status != HoldStatus.WAITING:
        return None
    return Letter(
        subject=_("Removals by the identity provider are held"),
        text=[
            _(
                "Your identity provider is taking access from unusually many people, or is"
                " emptying a group that gives far-reaching rights. It waits for your decision;"
                " nobody on the list has lost access."
            )
        ],
        facts=[
            (_("Since"), utc(hold.opened_at)),
            (_("Held so far"), str(hold.changes.count())),
        ],
        link=address_of("directory-hold-show", now.slug, hold.pk),
        link_label=_("Look and decide"),
    )


def _write_owner_kept(now: Situation) -> Letter:
    return Letter(
        subject=_("The identity provider tried to remove the last owner"),
        text=[
            _(
                "%(name)s is the last owner of %(workspace)s. The identity provider tried to"
                " take their access away; they were kept. Make somebody else owner first, or"
                " correct the assignment there."
            )
            % {"name": now.name("target"), "workspace": now.organization.name}
        ],
        facts=[(_("When"), utc(now.event.occurred_at))],
        link=address_of("directory-call-list", now.slug),
        link_label=_("See its calls"),
    )


_admins = to.holders(Permission.SSO_MANAGE)
OCCASIONS = (
    Occasion(
        letter="directory-held",
        names=frozenset({EventName.DIRECTORY_HELD}),
        choose=to.both(_admins, to.fixed(to.SECURITY)),
        write=_write_held,
    ),
    Occasion(
        letter="directory-owner-kept",
        names=frozenset({EventName.DIRECTORY_OWNER_KEPT}),
        choose=to.both(_admins, to.fixed(to.SECURITY)),
        write=_write_owner_kept,
    ),
)
