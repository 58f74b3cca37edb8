"""What the customer decides: approve with the same or less, deny, narrow, revoke."""

from datetime import datetime

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted
from portal.grants import rules
from portal.grants.actions.agreeing import (
    keep_agreement,
    require_owner_if_long,
    still_missing,
)
from portal.grants.actions.ending import end_grant
from portal.grants.actions.requests import keep_decision, keep_scope
from portal.grants.choosing import widest_for
from portal.grants.models import Grant
from portal.grants.refusals import CaseClosed, GrantAlreadyOpen, GrantNotPending, SamePerson
from portal.grants.rules import GrantStatus, ScopeItem, Verdict
from portal.grants.signing import signed
from portal.grants.staff import employed
from portal.grants.standing import refuse_if_closing
from portal.grants.terms import Agreed, Consent, agree, as_ticked
from portal.grants.versions import check_version
from tenants.access import Actor, ActorKind, action
from tenants.permissions import Permission


@action(Permission.GRANT_DECIDE, step_up=True)
def approve_grant(
    grant: Grant, *, actor: Actor, at: datetime, consent: Consent, version: int | None = None
) -> Grant:
    """Open the access, as asked or narrower, for at most 21 days from `at`.

    Where the policy asks for more than one person, the last of them opens it.
    """
    grant = Grant.objects.locked(grant.pk)
    check_version(grant, version)
    _require_pending(grant, at)
    _require_other_person(grant, actor, at)
    scope = _scope(grant)
    agreed = agree(
        Agreed(grant.requested_duration, tuple(grant.capabilities), scope),
        as_ticked(consent, grant.capabilities),
        widest_for(grant, actor),
    )
    starts_at = _start(grant, consent, at)
    missing = still_missing(grant, actor, at)
    if not missing:
        require_owner_if_long(grant, actor, at, until=(starts_at, agreed.duration))
    _take_terms(grant, agreed)
    keep_decision(grant, Verdict.APPROVED, actor=actor, at=at, note=consent.note, **_terms(agreed))
    if missing:
        return keep_agreement(
            grant, agreed, actor=actor, at=at, starts_at=starts_at, missing=missing
        )
    grant.open(at=at, duration=agreed.duration, starts_at=starts_at)
    seal(grant, agreed)
    record(
        EventName.GRANT_APPROVED,
        actor=actor,
        target=grant,
        until=_text(grant.expires_at),
        starts=_text(grant.starts_at),
        capabilities=grant.capabilities,
        version=grant.version,
    )
    return grant


@action(Permission.GRANT_DECIDE)
def deny_grant(
    grant: Grant, *, actor: Actor, at: datetime, version: int | None = None, note: str = ""
) -> Grant:
    """Say no. The request ends; asking again takes a new one."""
    grant = Grant.objects.locked(grant.pk)
    check_version(grant, version)
    _refuse_staff(actor)
    _require_pending(grant, at)
    keep_decision(grant, Verdict.DENIED, actor=actor, at=at, note=note)
    return end_grant(grant, GrantStatus.DENIED, actor=actor, at=at)


@action(Permission.GRANT_DECIDE)
def revoke_grant(
    grant: Grant, *, actor: Actor, at: datetime, version: int | None = None, note: str = ""
) -> Grant:
    """End the access now. When this has returned, no read can begin.

    No step-up: the way out must be the shortest.
    """
    grant = Grant.objects.locked(grant.pk)
    check_version(grant, version)
    _refuse_staff(actor)
    if grant.state(at) not in rules.APPROVED:
        raise GrantNotPending(
            _("%(grant)s is not open, so there is nothing to revoke.") % {"grant": grant.reference}
        )
    keep_decision(grant, Verdict.REVOKED, actor=actor, at=at, note=note)
    return end_grant(grant, GrantStatus.REVOKED, actor=actor, at=at)


@action(Permission.GRANT_DECIDE)
def narrow_grant(
    grant: Grant, *, actor: Actor, at: datetime, consent: Consent, version: int | None = None
) -> Grant:
    """Cut an open grant's time or scope. `duration` counts from its start."""
    grant = Grant.objects.locked(grant.pk)
    check_version(grant, version)
    _refuse_staff(actor)
    if grant.state(at) not in rules.APPROVED or not grant.starts_at or not grant.expires_at:
        raise GrantNotPending(_("Only open access can be narrowed."))
    scope = _scope(grant)
    now_granted = Agreed(grant.expires_at - grant.starts_at, tuple(grant.capabilities), scope)
    agreed = agree(now_granted, consent, scope)
    grant.move(grant.state(at))
    _take_terms(grant, agreed)
    grant.expires_at = max(grant.starts_at + agreed.duration, at)
    seal(grant, agreed)
    keep_decision(grant, Verdict.NARROWED, actor=actor, at=at, note=consent.note, **_terms(agreed))
    until, version = _text(grant.expires_at), grant.version
    record(EventName.GRANT_NARROWED, actor=actor, target=grant, until=until, version=version)
    return grant


def _require_pending(grant: Grant, at: datetime) -> None:
    refuse_if_closing()
    state = grant.state(at)
    if state == GrantStatus.LAPSED:
        raise GrantNotPending(
            _("%(grant)s was not answered within 72 hours. The vendor has to ask again.")
            % {"grant": grant.reference}
        )
    if state != GrantStatus.PENDING_CUSTOMER:
        raise GrantNotPending(
            _("%(grant)s is not waiting for a decision: it is “%(state)s”.")
            % {"grant": grant.reference, "state": state.label}
        )
    if not grant.case.is_open:
        raise CaseClosed(_("The case is closed, so nothing can be approved for it."))


def _refuse_staff(actor: Actor) -> None:
    if actor.kind == ActorKind.STAFF:
        raise NotPermitted(_("Only the customer decides about diagnostic access."))


def _require_other_person(grant: Grant, actor: Actor, at: datetime) -> None:
    """The requester never approves, not even as a member of the customer's organization."""
    _refuse_staff(actor)
    requester = employed(grant.staff_id, at=at)
    if requester is None:
        raise GrantNotPending(
            _("%(name)s no longer works for the vendor. Deny this request.")
            % {"name": grant.staff_name}
        )
    me = actor.membership
    if me is not None and me.user_id is not None and me.user_id == requester.user_id:
        raise SamePerson(_("You asked for this access yourself. Somebody else has to decide."))


def _scope(grant: Grant) -> tuple[ScopeItem, ...]:
    return tuple(row.as_scope() for row in grant.scope.order_by("label", "id"))


def _start(grant: Grant, consent: Consent, at: datetime) -> datetime:
    starts_at = max(consent.starts_at or grant.requested_start_at or at, at)
    if starts_at >= at + rules.LONGEST:
        raise Invalid(
            _("Access has to start within 21 days of the approval."),
            errors={"starts_at": [_("Choose an earlier start.")]},
        )
    return starts_at


def _take_terms(grant: Grant, agreed: Agreed) -> None:
    grant.capabilities = list(agreed.capabilities)
    grant.scope_hash = rules.scope_hash(grant.case_id, agreed.capabilities, agreed.scope)
    same = Grant.objects.filter(
        staff_id=grant.staff_id, scope_hash=grant.scope_hash, status__in=sorted(rules.OPEN)
    ).exclude(pk=grant.pk)
    if same.exists():
        raise GrantAlreadyOpen(_("This person already has open access to exactly this."))


def seal(grant: Grant, agreed: Agreed) -> None:
    """Write what was agreed, signed, inside the caller's transaction."""
    keep_scope(grant, agreed.scope)
    grant.signature = signed(grant, agreed.scope)
    grant.save(
        update_fields=[
            "status",
            "version",
            "capabilities",
            "scope_hash",
            "approved_at",
            "starts_at",
            "expires_at",
            "signature",
        ]
    )


def _terms(agreed: Agreed) -> dict[str, object]:
    return {
        "seconds": int(agreed.duration.total_seconds()),
        "capabilities": list(agreed.capabilities),
        "scope": [item.label for item in agreed.scope],
    }


def _text(instant: datetime | None) -> str:
    return instant.isoformat(timespec="seconds") if instant else ""
