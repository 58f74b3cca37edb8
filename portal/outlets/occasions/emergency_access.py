"""Letters about emergency access, which is told at once, and about bundles that were sent."""

from collections.abc import Sequence

from django.utils.translation import gettext as _

from audit.names import EventName
from portal.grants.models import Bundle, EmergencyConsent, Grant
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from tenants.permissions import Permission


def _grant_letter(now: Situation, grant: Grant, *, subject: str, text: Sequence[str]) -> Letter:
    page = "staff-grant-show" if now.recipient.is_staff else "grant-show"
    return Letter(
        subject=f"{grant.reference}: {subject}",
        text=text,
        facts=[
            (_("Who"), f"{grant.staff_name}, {grant.country}"),
            (_("Why"), grant.justification),
            (_("Case"), f"{grant.case.reference} {grant.case.title}"),
            (_("Ends"), utc(grant.expires_at)),
        ],
        link=address_of(page, now.slug, grant.reference),
        link_label=_("Open its page"),
    )


def _grant(now: Situation) -> Grant | None:
    rows = Grant.objects.select_related("case")
    return rows.filter(pk=to.subject_of(now.event)).first()


def _write_opened(now: Situation) -> Letter | None:
    """Told also when it has ended since: it was open."""
    grant = _grant(now)
    if grant is None:
        return None
    return _grant_letter(
        now,
        grant,
        subject=_("emergency access was opened"),
        text=[
            _("Two support leads opened it without asking you, as an owner allowed in advance."),
            _("You see live what is read, and can end it with one click on its page."),
        ],
    )


def _write_agreed(now: Situation) -> Letter | None:
    grant = _grant(now)
    if grant is None or grant.approved_at or grant.closed_at:
        return None
    return _grant_letter(
        now,
        grant,
        subject=_("one lead wants to open it as an emergency"),
        text=[_("Nothing is open: a second lead has to agree within the hour.")],
    )


def _write_allowed(now: Situation) -> Letter | None:
    consent = EmergencyConsent.objects.filter(pk=to.subject_of(now.event)).first()
    if consent is None or not consent.stands(now.at):
        return None
    is_end = now.event.name == EventName.EMERGENCY_ACCESS_ENDING
    said = _("It ends by itself at %(at)s.") % {"at": utc(consent.expires_at)}
    if is_end:
        subject = _("Emergency access that was allowed in advance ends soon")
    else:
        subject = _("Emergency access was allowed in advance")
    by = _("%(by)s allowed it. Two support leads could open it together, within its limits.")
    return Letter(
        subject=subject,
        text=[by % {"by": consent.given_by_name}, said],
        link=address_of("emergency-show", now.slug),
        link_label=_("Look at it"),
    )


def _write_withdrawn(now: Situation) -> Letter | None:
    return Letter(
        subject=_("Emergency access is off"),
        text=[
            _("%(by)s withdrew it. All access that was opened under it has ended.")
            % {"by": now.name("actor") or _("Somebody here")}
        ],
        link=address_of("emergency-show", now.slug),
        link_label=_("Look at it"),
    )


def _write_bundle(now: Situation) -> Letter | None:
    rows = Bundle.objects.select_related("case")
    bundle = rows.filter(pk=to.subject_of(now.event)).first()
    if bundle is None:
        return None
    case = bundle.case.reference
    return Letter(
        subject=_("%(case)s: %(name)s sent a diagnosis bundle")
        % {"case": case, "name": now.organization.name},
        text=[_("Look at it before you ask for access. The customer sees that you open it.")],
        link=address_of("staff-bundle-show", now.slug, case, bundle.pk),
        link_label=_("Open the bundle"),
    )


_deciders = to.holders(Permission.GRANT_DECIDE)
OCCASIONS = (
    Occasion(
        letter="emergency-opened",
        names=frozenset({EventName.EMERGENCY_ACCESS_OPENED}),
        choose=to.both(_deciders, to.fixed(to.SECURITY)),
        write=_write_opened,
    ),
    Occasion(
        letter="emergency-agreed",
        names=frozenset({EventName.EMERGENCY_ACCESS_AGREED}),
        choose=to.both(_deciders, to.vendor_holders(Permission.GRANT_ENDORSE)),
        write=_write_agreed,
    ),
    Occasion(
        letter="emergency-allowed",
        names=frozenset({EventName.EMERGENCY_ACCESS_ALLOWED, EventName.EMERGENCY_ACCESS_ENDING}),
        choose=to.both(_deciders, to.fixed(to.SECURITY)),
        write=_write_allowed,
    ),
    Occasion(
        letter="emergency-withdrawn",
        names=frozenset({EventName.EMERGENCY_ACCESS_WITHDRAWN}),
        choose=to.both(to.without_actor(_deciders), to.fixed(to.SECURITY)),
        write=_write_withdrawn,
    ),
    Occasion(
        letter="bundle-sent",
        names=frozenset({EventName.BUNDLE_SENT}),
        choose=to.vendor_holders(Permission.GRANT_REQUEST),
        write=_write_bundle,
    ),
)
