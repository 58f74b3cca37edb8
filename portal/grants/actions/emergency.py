"""Emergency access: an owner allows it in advance, and then only two of the vendor open it."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import NotPermitted
from portal.grants import rules
from portal.grants.actions.decisions import seal
from portal.grants.actions.ending import end_grant
from portal.grants.actions.requests import keep_decision
from portal.grants.emergency import (
    Allowed,
    is_genuine,
    require_allowed,
    seal_consent,
    standing_consent,
)
from portal.grants.models import EmergencyConsent, Grant, GrantDecision
from portal.grants.refusals import CaseClosed, EmergencyOn, GrantNotPending, SamePerson
from portal.grants.rules import GrantStatus, Verdict
from portal.grants.staff import employed, is_checking
from portal.grants.standing import refuse_if_closing
from portal.grants.terms import Agreed
from portal.grants.vendor import require_in_pool
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission


@action(Permission.ORGANIZATION_MANAGE, step_up=True)
def allow_emergency(allowed: Allowed, *, actor: Actor, at: datetime) -> EmergencyConsent:
    """An owner's yes in advance, for at most 90 days. It opens nothing by itself."""
    if actor.kind == ActorKind.STAFF:
        raise NotPermitted(_("Only an owner of the customer allows emergency access."))
    allowed.check()
    for earlier in EmergencyConsent.objects.filter(closed_at__isnull=True).select_for_update():
        if earlier.stands(at):
            raise EmergencyOn(_("It is allowed already. Withdraw that first, then allow anew."))
        _close(earlier, at=earlier.expires_at)
    consent = EmergencyConsent(
        given_by_id=actor.id,
        given_by_name=actor.name,
        given_at=at,
        expires_at=at + allowed.lasts,
        reason_codes=sorted(set(allowed.reason_codes)),
        capabilities=sorted(set(allowed.capabilities)),
        scope=[item.as_json() for item in allowed.scope],
        longest=allowed.longest,
    )
    EmergencyConsent.objects.bulk_create([consent])
    consent.signature = seal_consent(consent)
    consent.save(update_fields=["signature"])
    record(
        EventName.EMERGENCY_ACCESS_ALLOWED,
        actor=actor,
        target=consent,
        until=_text(consent.expires_at),
        reasons=consent.reason_codes,
        capabilities=consent.capabilities,
    )
    return consent


@action(Permission.GRANT_DECIDE)
def withdraw_emergency(consent: EmergencyConsent, *, actor: Actor, at: datetime) -> None:
    """Take it back at once; all access that was opened under it ends in the same transaction.

    No step-up and any approver: the way out must be the shortest.
    """
    if actor.kind == ActorKind.STAFF:
        raise NotPermitted(_("Only the customer withdraws emergency access."))
    consent = EmergencyConsent.objects.locked(consent.pk)
    if not consent.stands(at):
        raise GrantNotPending(_("Emergency access is off, so there is nothing to withdraw."))
    consent.closed_by_id, consent.closed_by_name = actor.id, actor.name
    _close(consent, at=at)
    opened = GrantDecision.objects.filter(verdict=Verdict.EMERGENCY, terms__consent=str(consent.pk))
    for grant in Grant.objects.active(at).filter(pk__in=opened.values("grant")).order_by("id"):
        end_grant(grant, GrantStatus.REVOKED, actor=actor, at=at, because="emergency-withdrawn")
    record(EventName.EMERGENCY_ACCESS_WITHDRAWN, actor=actor, target=consent)


@action(Permission.GRANT_VIEW)
def check_consents(*, actor: Actor, at: datetime) -> int:
    """Switch off a consent whose row no longer says what the owner allowed, and say so."""
    found = 0
    for consent in EmergencyConsent.objects.filter(closed_at__isnull=True).select_for_update():
        if is_genuine(consent):
            continue
        _close(consent, at=at)
        record(EventName.EMERGENCY_ACCESS_TAMPERED, actor=actor, target=consent, outcome="refused")
        found += 1
    return found


@action(Permission.GRANT_ENDORSE, step_up=True)
def agree_emergency(grant: Grant, *, actor: Actor, at: datetime) -> Grant:
    """Agree, as one of two leads, to open a request as an emergency; the second one opens it.

    Raises EmergencyOff unless an owner of the customer has allowed exactly this.
    """
    grant = Grant.objects.locked(grant.pk)
    consent = require_allowed(standing_consent(at, lock=True), grant)
    _require_waiting(grant, at)
    _require_another(grant, actor, at)
    others = _others(grant, consent, actor=actor, at=at)
    keep_decision(grant, Verdict.EMERGENCY, actor=actor, at=at, consent=str(consent.pk))
    if others + 1 < rules.EMERGENCY_APPROVERS:
        record(EventName.EMERGENCY_ACCESS_AGREED, actor=actor, target=grant)
        return grant
    return _open(grant, consent, actor=actor, at=at)


def _open(grant: Grant, consent: EmergencyConsent, *, actor: Actor, at: datetime) -> Grant:
    if grant.status == GrantStatus.VENDOR_REVIEW:
        grant.endorse(at)
        grant.save(update_fields=["status", "version", "endorsed_at"])
    longest = min(grant.requested_duration, consent.longest, consent.expires_at - at)
    grant.open(at=at, duration=longest, starts_at=at)
    scope = tuple(row.as_scope() for row in grant.scope.order_by("label", "id"))
    seal(grant, Agreed(longest, tuple(grant.capabilities), scope))
    until, version = _text(grant.expires_at), grant.version
    record(
        EventName.EMERGENCY_ACCESS_OPENED,
        actor=actor,
        target=grant,
        until=until,
        version=version,
    )
    return grant


def _require_waiting(grant: Grant, at: datetime) -> None:
    refuse_if_closing()
    if grant.state(at) not in rules.WAITING:
        raise GrantNotPending(
            _("%(grant)s is not waiting for a decision.") % {"grant": grant.reference}
        )
    if not grant.case.is_open:
        raise CaseClosed(_("The case is closed, so nothing can be opened for it."))


def _require_another(grant: Grant, actor: Actor, at: datetime) -> None:
    """Neither the reader opens their own access, nor somebody who has left."""
    if actor.kind != ActorKind.STAFF or actor.id is None or actor.id == grant.staff_id:
        raise SamePerson(_("Two colleagues have to agree: nobody opens their own access."))
    require_in_pool(actor.id)
    me, reader = employed(actor.id, at=at), employed(grant.staff_id, at=at)
    if me is None or reader is None:
        raise GrantNotPending(_("%(name)s no longer works here.") % {"name": grant.staff_name})
    if me.user_id == reader.user_id:
        raise SamePerson(_("Two colleagues have to agree: nobody opens their own access."))


def _others(grant: Grant, consent: EmergencyConsent, *, actor: Actor, at: datetime) -> int:
    """How many other leads agreed within the hour, and still check requests.

    Raises SamePerson for a second yes.
    """
    said = grant.decisions.filter(
        verdict=Verdict.EMERGENCY,
        terms__consent=str(consent.pk),
        at__gt=at - rules.EMERGENCY_AGREE_WITHIN,
    )
    people = set(said.values_list("by_id", flat=True))
    if actor.id in people:
        raise SamePerson(_("You have agreed already. A second colleague has to agree as well."))
    return sum(person is not None and is_checking(person, at=at) for person in people)


def _close(consent: EmergencyConsent, *, at: datetime) -> None:
    consent.closed_at = at
    # The signature goes, so that no edit can bring the consent back.
    consent.signature = ""
    consent.save(update_fields=["closed_at", "closed_by_id", "closed_by_name", "signature"])


def _text(instant: datetime | None) -> str:
    return instant.isoformat(timespec="seconds") if instant else ""
