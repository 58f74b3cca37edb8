"""Asking for diagnostic access, and what the vendor itself decides before the customer sees it."""

from datetime import datetime
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted
from portal.grants import rules
from portal.grants.actions.ending import end_grant
from portal.grants.actions.settling import settle_overdue
from portal.grants.models import Case, Grant, GrantDecision, GrantResource
from portal.grants.refusals import CaseClosed, GrantAlreadyOpen, SamePerson
from portal.grants.rules import GrantStatus, ScopeItem, Verdict
from portal.grants.staff import asker, is_machine
from portal.grants.standing import refuse_if_closing
from portal.grants.terms import Wish
from portal.grants.vendor import require_in_pool, require_ready
from portal.grants.versions import check_version
from tenants.access import Actor, ActorKind, action
from tenants.models import Membership
from tenants.numbers import Series, next_number
from tenants.permissions import Permission


@action(Permission.GRANT_REQUEST)
def request_grant(
    case: Case,
    *,
    actor: Actor,
    at: datetime,
    wish: Wish,
    staff_id: UUID | None = None,
    previous_id: UUID | None = None,
) -> Grant:
    """Ask for diagnostic access as a member of the vendor's staff; opens nothing by itself.

    A service account of the vendor names the person it asks for: `staff_id`. An extension names
    the grant before it, of the same person and case: `previous_id`.
    """
    person = _staff(actor, at, named=staff_id)
    require_ready(person, at)
    refuse_if_closing()
    case = Case.objects.locked(case.pk)
    if not case.is_open:
        raise CaseClosed(_("%(case)s is closed.") % {"case": case.reference})
    wish.check(
        [row.as_scope() for row in case.integrations.all()], at=at, has_bundle=case.has_diagnosis
    )
    settle_overdue(Grant.objects.filter(staff_id=person.pk), actor=actor, at=at)
    grant = _asked(case, person, wish, at=at)
    grant.previous = _previous(case, person, previous_id) if previous_id else None
    grant.filed_by_id = actor.id if is_machine(actor) else None
    _keep(grant)
    keep_scope(grant, wish.scope)
    record(
        EventName.GRANT_REQUESTED,
        actor=actor,
        target=grant,
        case=case.reference,
        reason=grant.reason_code,
        seconds=int(wish.duration.total_seconds()),
        capabilities=grant.capabilities,
    )
    return grant


@action(Permission.GRANT_ENDORSE, step_up=True)
def endorse_grant(
    grant: Grant, *, actor: Actor, at: datetime, version: int | None = None, note: str = ""
) -> Grant:
    """Pass a colleague's request on to the customer, who then has 72 hours to answer."""
    grant = Grant.objects.locked(grant.pk)
    check_version(grant, version)
    _refuse_own(grant, actor)
    require_in_pool(actor.id)
    grant.endorse(at)
    grant.save(update_fields=["status", "version", "endorsed_at"])
    keep_decision(grant, Verdict.ENDORSED, actor=actor, at=at, note=note)
    record(EventName.GRANT_ENDORSED, actor=actor, target=grant)
    return grant


@action(Permission.GRANT_ENDORSE)
def reject_grant(
    grant: Grant, *, actor: Actor, at: datetime, version: int | None = None, note: str = ""
) -> Grant:
    """Stop a colleague's request; the customer is never asked."""
    grant = Grant.objects.locked(grant.pk)
    check_version(grant, version)
    _refuse_own(grant, actor)
    require_in_pool(actor.id)
    keep_decision(grant, Verdict.REJECTED, actor=actor, at=at, note=note)
    return end_grant(grant, GrantStatus.VENDOR_REJECTED, actor=actor, at=at)


@action(Permission.GRANT_REQUEST)
def withdraw_grant(
    grant: Grant, *, actor: Actor, at: datetime, version: int | None = None
) -> Grant:
    """Take one's own request back before it was decided."""
    grant = Grant.objects.locked(grant.pk)
    check_version(grant, version)
    if actor.kind != ActorKind.STAFF or grant.staff_id != actor.id:
        raise NotPermitted(_("Only the person who asked can withdraw the request."))
    keep_decision(grant, Verdict.WITHDRAWN, actor=actor, at=at)
    return end_grant(grant, GrantStatus.WITHDRAWN, actor=actor, at=at)


def keep_scope(grant: Grant, scope: tuple[ScopeItem, ...]) -> None:
    """Make `scope` what the grant covers."""
    GrantResource.objects.filter(grant=grant).delete()
    once = {item.key: item for item in scope}
    GrantResource.objects.bulk_create(
        GrantResource(
            grant=grant,
            kind=item.kind,
            object_id=item.object_id,
            integration_id=item.integration_id,
            label=item.label[:300],
        )
        for item in once.values()
    )


def keep_decision(
    grant: Grant, verdict: Verdict, *, actor: Actor, at: datetime, note: str = "", **terms: object
) -> GrantDecision:
    decision: GrantDecision = GrantDecision.objects.create(
        grant=grant,
        verdict=verdict,
        by_kind=actor.kind,
        by_id=actor.id,
        by_name=actor.name,
        at=at,
        note=note,
        terms=terms,
    )
    return decision


def _asked(case: Case, person: Membership, wish: Wish, *, at: datetime) -> Grant:
    return Grant(
        case=case,
        staff_id=person.pk,
        staff_name=person.name,
        staff_email=person.email,
        country=person.country,
        reason_code=wish.reason_code,
        justification=wish.justification.strip(),
        bundle_gap=wish.bundle_gap.strip(),
        capabilities=sorted(set(wish.capabilities)),
        requested_duration=wish.duration,
        requested_start_at=wish.starts_at,
        requested_at=at,
        scope_hash=rules.scope_hash(case.pk, wish.capabilities, wish.scope),
    )


def _previous(case: Case, person: Membership, previous_id: UUID) -> Grant:
    rows = Grant.objects.filter(pk=previous_id, case=case, staff_id=person.pk)
    found: Grant | None = rows.filter(approved_at__isnull=False).first()
    if found is None:
        raise Invalid(
            _("Only earlier access of the same person for the same case can be extended."),
            {"previous": _("There is no such access.")},
        )
    return found


def _staff(actor: Actor, at: datetime, *, named: UUID | None) -> Membership:
    """Who asks: the person themselves, or the one a service account names."""
    if actor.kind != ActorKind.STAFF or actor.id is None:
        raise NotPermitted(_("Only the vendor's own staff can ask for diagnostic access."))
    if not is_machine(actor):
        if named not in (None, actor.id):
            raise NotPermitted(_("A person asks for their own access only."))
        named = actor.id
    person = asker(named, at=at) if named else None
    if person is None:
        raise Invalid(
            _("Name the member of the staff who asks."),
            {"staff": _("Nobody who may ask for diagnostic access has this id.")},
        )
    return person


def _refuse_own(grant: Grant, actor: Actor) -> None:
    if actor.kind != ActorKind.STAFF or actor.id == grant.staff_id:
        raise SamePerson(_("A colleague has to check this: nobody passes on their own request."))


def _keep(grant: Grant) -> None:
    taken = GrantAlreadyOpen(
        _("You already have an open request or grant for exactly this. Use it or withdraw it.")
    )
    same = Grant.objects.filter(
        staff_id=grant.staff_id, scope_hash=grant.scope_hash, status__in=sorted(rules.OPEN)
    )
    if same.exists():
        raise taken
    grant.number = next_number(Series.GRANT)
    try:
        with transaction.atomic():
            Grant.objects.bulk_create([grant])
    except IntegrityError as error:
        raise taken from error
