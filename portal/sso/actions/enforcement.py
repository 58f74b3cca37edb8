"""The verbs of “single sign-on only”: started on proof, confirmed by use, returned by the clock."""

from datetime import datetime

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from portal.sso.enforcing import missing
from tenants.access import Actor, action, system_actor
from tenants.models import Policy
from tenants.models.organization import ENFORCEMENT_TRIAL
from tenants.permissions import Permission

_INSTANTS = ["sso_enforced_at", "sso_confirmed_at", "version"]


class EnforcementNotReady(Refusal):
    code = "enforcement-not-ready"


class EnforcementStateWrong(Refusal):
    code = "enforcement-state"


@action(Permission.POLICY_MANAGE, step_up=True)
def enforce_sso(*, actor: Actor, at: datetime) -> Policy:
    """From `at` on nothing but single sign-on and break-glass opens the workspace.

    It ends by itself after 30 minutes, unless somebody who runs single sign-on comes in by it.
    Raises EnforcementNotReady, EnforcementStateWrong.
    """
    policy = Policy.objects.locked(Policy.objects.get().pk)
    if policy.enforces_sso(at=at):
        raise EnforcementStateWrong("Single sign-on is enforced already.")
    if policy.sso_enforced_at is not None:
        return_enforcement(policy, actor=system_actor(actor.organization), at=at)
        policy = Policy.objects.locked(policy.pk)
    if lacking := missing(policy, actor.organization, at=at):
        said = " ".join(str(requirement.refusal) for requirement in lacking)
        raise EnforcementNotReady(f"Single sign-on cannot be enforced yet. {said}")
    _set(policy, enforced_at=at, confirmed_at=None)
    until = f"{at + ENFORCEMENT_TRIAL:%Y-%m-%d %H:%M} UTC"
    record(EventName.SSO_ENFORCEMENT_STARTED, actor=actor, target=policy, until=until)
    return policy


@action(None)
def confirm_enforcement(*, actor: Actor, at: datetime) -> bool:
    """Called when an entry opens by single sign-on: its holder has shown that it works.

    Counts for whoever could undo the enforcement, within its 30 minutes; True when it did.
    """
    waiting = {"sso_enforced_at__isnull": False, "sso_confirmed_at__isnull": True}
    if not actor.may(Permission.SSO_MANAGE) or not Policy.objects.filter(**waiting).exists():
        return False
    policy = Policy.objects.locked(Policy.objects.get().pk)
    if policy.sso_confirmed_at is not None or not policy.enforces_sso(at=at):
        return False
    _set(policy, enforced_at=policy.sso_enforced_at, confirmed_at=at)
    record(EventName.SSO_ENFORCEMENT_CONFIRMED, actor=actor, target=policy)
    return True


@action(Permission.POLICY_MANAGE)
def return_enforcement(policy: Policy, *, actor: Actor, at: datetime) -> Policy:
    """Write down what the clock has decided: the trial is over and passwords count again."""
    policy = Policy.objects.locked(policy.pk)
    if policy.sso_enforced_at is None or policy.enforces_sso(at=at):
        return policy
    _set(policy, enforced_at=None, confirmed_at=None)
    record(EventName.SSO_ENFORCEMENT_RETURNED, actor=actor, target=policy)
    return policy


@action(Permission.POLICY_MANAGE, step_up=True)
def lift_enforcement(*, actor: Actor, at: datetime) -> Policy:
    """Let passwords in again. Raises EnforcementStateWrong."""
    policy = Policy.objects.locked(Policy.objects.get().pk)
    if not policy.enforces_sso(at=at):
        raise EnforcementStateWrong("Single sign-on is not enforced.")
    _set(policy, enforced_at=None, confirmed_at=None)
    record(EventName.SSO_ENFORCEMENT_LIFTED, actor=actor, target=policy)
    return policy


def _set(policy: Policy, *, enforced_at: datetime | None, confirmed_at: datetime | None) -> None:
    policy.sso_enforced_at, policy.sso_confirmed_at = enforced_at, confirmed_at
    policy.version += 1
    policy.save(update_fields=_INSTANTS)
