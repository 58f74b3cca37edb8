"""Letters about the ways into a workspace: single sign-on only, and break-glass."""

from django.utils.translation import gettext as _

from audit.names import EventName
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.models import Policy
from tenants.models.organization import ENFORCEMENT_TRIAL
from tenants.permissions import Permission


def _write_opened(now: Situation) -> Letter:
    left = now.event.facts.get("codes_left", 0)
    return Letter(
        subject=_("Break-glass was opened at %(name)s") % {"name": now.organization.name},
        text=[
            _(
                "%(who)s came into the workspace with a break-glass code, past single sign-on. "
                "The session ends after one hour."
            )
            % {"who": now.name("target") or _("An owner")},
            _("If nobody agreed on this: end the session, and revoke the person's access."),
        ],
        facts=[
            (_("When"), utc(now.event.occurred_at)),
            (_("From address"), now.name("address") or _("unknown")),
            (_("Sealed codes left"), str(left)),
        ],
        link=address_of("break-glass-show", now.slug),
        link_label=_("See the break-glass owners"),
    )


def _write_issued(now: Situation) -> Letter | None:
    if now.organization.is_vendor:
        # The vendor's log has an event of its own about the same code.
        return None
    return Letter(
        subject=_("A break-glass code was issued for %(name)s") % {"name": now.organization.name},
        text=[
            _(
                "the vendor's operator issued a code for one opening by %(who)s. It works only "
                "together with their password and second factor."
            )
            % {"who": now.name("target") or _("an owner")},
            _("If none of you asked for it, void it now and write to us."),
        ],
        facts=[(_("Works until"), str(now.event.facts.get("until", "")))],
        link=address_of("break-glass-show", now.slug),
        link_label=_("See the break-glass owners"),
    )


def _write_voided(now: Situation) -> Letter:
    return Letter(
        subject=_("A break-glass code is void at %(name)s") % {"name": now.organization.name},
        text=[
            _("the code of %(who)s opens nothing any more: %(because)s.")
            % {
                "who": now.name("target") or _("an owner"),
                "because": now.event.facts.get("because", ""),
            },
        ],
        facts=[(_("Sealed codes left"), str(now.event.facts.get("codes_left", 0)))],
        link=address_of("break-glass-show", now.slug),
        link_label=_("See the break-glass owners"),
    )


def _write_enforcement(now: Situation) -> Letter | None:
    subject, said = _said()[EventName(now.event.name)]
    if now.event.name == EventName.SSO_ENFORCEMENT_STARTED and not _still_on_trial(now):
        return None
    return Letter(
        subject=f"{now.organization.name}: {subject}",
        text=[said % {"who": now.name("actor") or _("An administrator")}],
        facts=[(_("When"), utc(now.event.occurred_at))],
        link=address_of("sign-in-policy", now.slug),
        link_label=_("See the sign-in policy"),
    )


def _still_on_trial(now: Situation) -> bool:
    """A letter that comes late must not ask for what was settled."""
    policy = Policy.objects.get()
    at = policy.sso_enforced_at
    return at is not None and policy.sso_confirmed_at is None and now.at < at + ENFORCEMENT_TRIAL


def _said() -> dict[EventName, tuple[str, str]]:
    return {
        EventName.SSO_ENFORCEMENT_STARTED: (
            _("single sign-on only, on trial"),
            _(
                "%(who)s made single sign-on the only way in. Come in by it within 30 minutes to "
                "confirm that it works; if none of you does, passwords count again by themselves."
            ),
        ),
        EventName.SSO_ENFORCEMENT_RETURNED: (
            _("passwords count again"),
            _(
                "nobody who runs single sign-on came in by it within 30 minutes, so it is not "
                "the only way in any more. Look at the latest sign-ins, then try again."
            ),
        ),
        EventName.SSO_ENFORCEMENT_LIFTED: (
            _("passwords count again"),
            _("%(who)s let passwords in again, beside single sign-on."),
        ),
    }


_EVERYBODY_IN_CHARGE = to.both(
    to.holders(Permission.ORGANIZATION_MANAGE),
    to.holders(Permission.SSO_MANAGE),
    to.holders(Permission.POLICY_MANAGE),
)
_AND_SECURITY = to.both(_EVERYBODY_IN_CHARGE, to.fixed(to.SECURITY))


OCCASIONS = (
    Occasion(
        letter="break-glass-opened",
        names=frozenset({EventName.BREAK_GLASS_OPENED}),
        choose=_AND_SECURITY,
        write=_write_opened,
    ),
    Occasion(
        letter="break-glass-issued",
        names=frozenset({EventName.BREAK_GLASS_ISSUED}),
        choose=_AND_SECURITY,
        write=_write_issued,
    ),
    Occasion(
        letter="break-glass-void",
        names=frozenset({EventName.BREAK_GLASS_VOIDED}),
        choose=_EVERYBODY_IN_CHARGE,
        write=_write_voided,
    ),
    Occasion(
        letter="single-sign-on-only",
        names=frozenset(
            {
                EventName.SSO_ENFORCEMENT_STARTED,
                EventName.SSO_ENFORCEMENT_RETURNED,
                EventName.SSO_ENFORCEMENT_LIFTED,
            }
        ),
        choose=_EVERYBODY_IN_CHARGE,
        write=_write_enforcement,
    ),
)
