"""Writing down what the clock has already decided: not answered, started, ended."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from portal.grants import rules
from portal.grants.actions.ending import cut_grant, end_grant
from portal.grants.models import Grant, GrantQuerySet
from portal.grants.rules import GrantStatus
from portal.grants.signing import is_genuine
from portal.grants.standing import lapsed_because
from tenants.access import Actor, action
from tenants.permissions import Permission


@action(Permission.GRANT_VIEW)
def settle_grants(*, actor: Actor, at: datetime) -> int:
    """Let the rows say what the timestamps decided. Access never waits for this."""
    return _cut_lapsed(actor=actor, at=at) + settle_overdue(Grant.objects.all(), actor=actor, at=at)


def _cut_lapsed(*, actor: Actor, at: datetime) -> int:
    """End what its times leave open, and the door has shut: its holder left, for one."""
    found = 0
    for grant in Grant.objects.filter(status__in=sorted(rules.OPEN)).order_by("id"):
        if grant.state(at) not in rules.OPEN or _is_early(grant, at):
            continue
        because = lapsed_because(grant, at)
        if because:
            cut_grant(grant, actor=actor, at=at, because=because)
            found += 1
    return found


def _is_early(grant: Grant, at: datetime) -> bool:
    """Before a later start an approver may come and go."""
    return grant.state(at) == GrantStatus.SCHEDULED


def settle_overdue(grants: GrantQuerySet, *, actor: Actor, at: datetime) -> int:
    """The same inside another action's transaction."""
    overdue = list(grants.overdue(at).order_by("id")[:500])
    for grant in overdue:
        _settle(Grant.objects.locked(grant.pk), actor=actor, at=at)
    return len(overdue)


@action(Permission.GRANT_VIEW)
def check_signatures(*, actor: Actor, at: datetime) -> int:
    """Find open grants whose rows no longer say what was approved; each is reported once."""
    found = 0
    for grant in Grant.objects.active(at).order_by("id").prefetch_related("scope"):
        if not is_genuine(grant, [row.as_scope() for row in grant.scope.all()]):
            mark_tampered(grant, actor=actor, at=at)
            found += 1
    return found


@action(Permission.GRANT_VIEW)
def report_tampering(grant: Grant, *, actor: Actor, at: datetime) -> None:
    """Record that a grant's row was edited past the product. It opens nothing from then on."""
    mark_tampered(grant, actor=actor, at=at)


def mark_tampered(grant: Grant, *, actor: Actor, at: datetime) -> None:
    grant = Grant.objects.locked(grant.pk)
    if grant.tampered_at is not None:
        return
    grant.tampered_at = at
    grant.version += 1
    grant.save(update_fields=["tampered_at", "version"])
    record(EventName.GRANT_TAMPERED, actor=actor, target=grant, outcome="refused")


def _settle(grant: Grant, *, actor: Actor, at: datetime) -> None:
    state = grant.state(at)
    if state in {GrantStatus.LAPSED, GrantStatus.ENDED} and state != grant.status:
        end_grant(grant, state, actor=actor, at=at)
    elif state == GrantStatus.ACTIVE and grant.status == GrantStatus.SCHEDULED:
        # The start was recorded with the approval; the version stays, as nothing was decided.
        Grant.objects.filter(pk=grant.pk).update(status=GrantStatus.ACTIVE)
