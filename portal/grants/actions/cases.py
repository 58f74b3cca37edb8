"""Opening a case, attaching what it is about, and closing it with all its access."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid
from portal.catalog.models import Integration
from portal.grants import rules
from portal.grants.actions.ending import cut_grant
from portal.grants.models import Case, CaseIntegration
from portal.grants.refusals import CaseClosed, DisputeOpen
from tenants.access import Actor, ActorKind, action
from tenants.numbers import Series, next_number
from tenants.permissions import Permission


@dataclass(frozen=True, slots=True)
class CaseFacts:
    title: str
    description: str = ""
    external_reference: str = ""
    link: str = ""


@action(Permission.CASE_OPEN)
def open_case(
    facts: CaseFacts, *, actor: Actor, at: datetime, integration_ids: Sequence[UUID] = ()
) -> Case:
    """Open a case. Only the customer can attach integrations: they bound every later request."""
    case: Case = Case.objects.create(
        number=next_number(Series.CASE),
        title=facts.title.strip(),
        description=facts.description,
        external_reference=facts.external_reference,
        link=facts.link,
        opened_by_kind=actor.kind,
        opened_by_id=actor.id,
        opened_by_name=actor.name,
        opened_at=at,
    )
    _attach(case, actor, integration_ids)
    record(EventName.CASE_OPENED, actor=actor, target=case, integrations=len(set(integration_ids)))
    return case


@action(Permission.CASE_OPEN)
def attach_integrations(case: Case, *, actor: Actor, integration_ids: Sequence[UUID]) -> Case:
    """Widen what may be asked for in this case. A customer's decision, never the vendor's."""
    case = Case.objects.locked(case.pk)
    _require_open(case)
    _attach(case, actor, integration_ids)
    record(EventName.CASE_CHANGED, actor=actor, target=case, integrations=len(set(integration_ids)))
    return case


@action(Permission.CASE_OPEN)
def close_case(case: Case, *, actor: Actor, at: datetime) -> Case:
    """Close the case; every grant asked for it ends in the same transaction."""
    case = Case.objects.locked(case.pk)
    _require_open(case)
    if case.disputes.filter(closed_at__isnull=True).exists():
        raise DisputeOpen(_("This case is a dispute. Close the dispute, and the case closes too."))
    case.close(at)
    case.save(update_fields=["status", "closed_at"])
    for grant in case.grants.filter(status__in=sorted(rules.OPEN)).order_by("id"):
        cut_grant(grant, actor=actor, at=at, because="case-closed")
    record(EventName.CASE_CLOSED, actor=actor, target=case)
    return case


def _require_open(case: Case) -> None:
    if not case.is_open:
        raise CaseClosed(
            _("%(case)s is closed. Open a new case to go on.") % {"case": case.reference}
        )


def _attach(case: Case, actor: Actor, integration_ids: Sequence[UUID]) -> None:
    wanted = set(integration_ids)
    if not wanted:
        return
    if actor.kind == ActorKind.STAFF:
        raise Invalid(_("Only the customer can attach integrations to a case."))
    found = list(Integration.objects.visible_to(actor).filter(pk__in=wanted).order_by("name"))
    if len(found) != len(wanted):
        raise Invalid(
            _("One of these integrations does not exist. Reload and choose again."),
            errors={"integrations": [_("Choose among the integrations of this workspace.")]},
        )
    present = set(case.integrations.values_list("integration_id", flat=True))
    CaseIntegration.objects.bulk_create(
        CaseIntegration(case=case, integration_id=row.pk, label=row.name)
        for row in found
        if row.pk not in present
    )
