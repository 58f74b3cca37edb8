"""Letters about support cases and diagnostic access."""

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.grants.models import Case, Grant
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from portal.ui.durations import duration
from tenants.permissions import Permission


def _grant(now: Situation) -> Grant | None:
    grants = Grant.objects.select_related("case")
    return grants.filter(pk=to.subject_of(now.event)).first()


def _staff(event: Event, _at: datetime) -> Sequence[str]:
    """The engineer who asked; a member of the vendor's organization."""
    grant = Grant.objects.filter(pk=to.subject_of(event)).first()
    return [f"staff:{grant.staff_id}"] if grant else []


def _facts(grant: Grant) -> list[tuple[str, str]]:
    facts = [
        (_("Access"), grant.reference),
        (_("Case"), f"{grant.case.reference} {grant.case.title}"),
        (_("Who"), f"{grant.staff_name}, {grant.country_name}"),
        (_("Why"), grant.justification),
        (_("For how long"), duration(grant.requested_duration)),
        (_("Answer until"), utc(grant.answer_by)),
        (_("Ends"), utc(grant.expires_at)),
    ]
    return [(name, value) for name, value in facts if value]


def _letter(now: Situation, grant: Grant, *, subject: str, text: Sequence[str]) -> Letter:
    return Letter(
        subject=f"{grant.reference}: {subject}",
        text=text,
        facts=_facts(grant),
        link=_page(now, grant),
        link_label=_("Open its page"),
    )


def _page(now: Situation, grant: Grant) -> str:
    """Staff have no way into the workspace; they have the console."""
    if now.recipient.is_staff:
        return address_of("staff-grant-show", now.slug, grant.reference)
    return address_of("grant-show", now.slug, grant.reference)


def _write_requested(now: Situation) -> Letter | None:
    grant = _grant(now)
    if grant is None or grant.endorsed_at or grant.closed_at:
        return None
    return _letter(
        now,
        grant,
        subject=_("please check before %(name)s is asked") % {"name": now.organization.name},
        text=[
            _(
                "%(who)s asks for diagnostic access at %(name)s. The customer sees it only once "
                "a support lead has endorsed it."
            )
            % {"who": grant.staff_name, "name": now.organization.name}
        ],
    )


def _write_endorsed(now: Situation) -> Letter | None:
    grant = _grant(now)
    if grant is None or grant.approved_at or grant.closed_at:
        return None
    return _letter(
        now,
        grant,
        subject=_("support asks for access to your workspace"),
        text=[
            _("%(who)s asks to look into your workspace. Nothing is open before you approve.")
            % {"who": grant.staff_name},
            _("You can approve less than was asked for, or deny. Unanswered, it ends by itself."),
        ],
    )


def _write_approved(now: Situation) -> Letter | None:
    grant = _grant(now)
    if grant is None or grant.closed_at:
        return None
    return _letter(
        now,
        grant,
        subject=_("diagnostic access approved until %(at)s") % {"at": utc(grant.expires_at)},
        text=[
            _(
                "%(by)s approved it for %(who)s. Everything that is read is logged, and shown "
                "in the workspace at once."
            )
            % {"by": now.name("actor") or _("An administrator"), "who": grant.staff_name},
            _("It can be revoked at any moment."),
        ],
    )


def _write_ended(now: Situation) -> Letter | None:
    grant = _grant(now)
    if grant is None:
        return None
    subject, said = _ends()[EventName(now.event.name)]
    who = {"by": now.name("actor") or _("An administrator"), "who": grant.staff_name}
    return _letter(now, grant, subject=subject, text=[said % who])


def _ends() -> dict[EventName, tuple[str, str]]:
    return {
        EventName.GRANT_DENIED: (
            _("diagnostic access denied"),
            _("%(by)s denied the access that %(who)s had asked for. Nothing was opened."),
        ),
        EventName.GRANT_REVOKED: (
            _("diagnostic access revoked"),
            _("%(by)s revoked the access of %(who)s. It ended at once."),
        ),
        EventName.GRANT_EXPIRED: (
            _("diagnostic access ended"),
            _("The access of %(who)s ended at its time."),
        ),
        EventName.GRANT_LAPSED: (
            _("not answered"),
            _(
                "The access that %(who)s had asked for was not answered in time. "
                "Nothing was opened."
            ),
        ),
    }


def _write_case(now: Situation) -> Letter | None:
    case = Case.objects.filter(pk=to.subject_of(now.event)).first()
    if case is None or now.event.actor_kind != "staff":
        return None
    return Letter(
        subject=_("%(case)s: support opened a case for you") % {"case": case.reference},
        text=[
            _("%(who)s opened a case: %(title)s. This opens nothing of your data.")
            % {"who": case.opened_by_name, "title": case.title},
            _("Attach the integrations it is about, if support may ask to look at them."),
        ],
        link=address_of("case-show", now.slug, case.reference),
        link_label=_("Open the case"),
    )


_deciders = to.holders(Permission.GRANT_DECIDE)
_ENDINGS = frozenset(
    {
        EventName.GRANT_DENIED,
        EventName.GRANT_REVOKED,
        EventName.GRANT_EXPIRED,
        EventName.GRANT_LAPSED,
    }
)
OCCASIONS = (
    Occasion(
        letter="access-to-check",
        names=frozenset({EventName.GRANT_REQUESTED}),
        choose=to.vendor_holders(Permission.GRANT_ENDORSE),
        write=_write_requested,
    ),
    Occasion(
        letter="access-asked",
        names=frozenset({EventName.GRANT_ENDORSED}),
        choose=_deciders,
        write=_write_endorsed,
    ),
    Occasion(
        letter="access-approved",
        names=frozenset({EventName.GRANT_APPROVED}),
        choose=to.both(_staff, _deciders, to.fixed(to.SECURITY)),
        write=_write_approved,
    ),
    Occasion(
        letter="access-ended",
        names=_ENDINGS,
        choose=to.both(_staff, _deciders),
        write=_write_ended,
    ),
    Occasion(
        letter="case-opened",
        names=frozenset({EventName.CASE_OPENED}),
        choose=_deciders,
        write=_write_case,
    ),
)
