"""From a browser session or a bearer token to an Actor: the only two ways in."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from audit.refusals import Refusal
from tenants.access import STEP_UP_LASTS, Actor, ActorKind
from tenants.addresses import require_address
from tenants.holding import refuse_if_held
from tenants.machines import rights_of_account
from tenants.models import (
    ApiToken,
    Entry,
    Membership,
    Organization,
    Policy,
    ServiceAccount,
    TeamMember,
)
from tenants.permissions import DECIDING, READING, BuiltInRole, Permission
from tenants.rights import united
from tenants.scoping import system_scope

# Staff work on other people's data: theirs are the shortest sessions, whatever the policy says.
VENDOR_IDLE_SECONDS = 15 * 60
VENDOR_ABSOLUTE_SECONDS = 8 * 3600
# Long enough to repair single sign-on, too short to work with.
BREAK_GLASS_SECONDS = 3600
# seen_at is written at most this often; idle limits are minutes.
SEEN_EVERY_SECONDS = 60


class EntryLapsed(Refusal):
    """The entry no longer satisfies the organization's policy: sign in again."""

    status = 401
    code = "entry-lapsed"


class RequestFacts(NamedTuple):
    """What of a request an actor carries into the log."""

    request_id: str = ""
    address: str = ""


def organization_of_slug(slug: str) -> Organization | None:
    """The organization at `/o/<slug>/`, active or closing."""
    with system_scope("workspace address"):
        return (
            Organization.objects.filter(slug=slug)
            .exclude(status=Organization.Status.CLOSED)
            .first()
        )


def vendor_organization() -> Organization | None:
    with system_scope("vendor organization"):
        return Organization.objects.filter(kind=Organization.Kind.VENDOR).first()


def workspaces_of(user_id: UUID, *, at: datetime) -> list[Membership]:
    """The person's active memberships, in every organization, by its name."""
    with system_scope("workspace switcher"):
        rows = Membership.unscoped.filter(user_id=user_id).select_related("organization")
        return sorted(
            (m for m in rows if m.is_active(at=at) and m.organization.status != "closed"),
            key=lambda m: m.organization.name.lower(),
        )


def actor_for_session(
    session_key: str,
    user_id: UUID,
    organization: Organization,
    *,
    at: datetime,
    facts: RequestFacts = RequestFacts(),  # noqa: B008  (immutable)
) -> Actor | None:
    """The member behind a browser session, inside the organization's scope.

    None: this session has no entry here. Raises EntryLapsed when it had one and the policy or
    the clock has ended it, AddressRefused where the policy lets nobody in from there,
    WorkspaceHeld while nobody may come in.
    """
    entry = (
        Entry.objects.open()
        .select_related("membership", "membership__custom_role")
        .filter(session_key=session_key, membership__user_id=user_id)
        .first()
    )
    if entry is None or not entry.membership.is_active(at=at):
        return None
    refuse_if_held(organization.pk)
    policy = Policy.objects.get()
    # The sealed code is the way back for an owner whose list was wrong, or whose office is gone.
    if entry.method != Entry.Method.BREAK_GLASS:
        require_address(policy.address_rule, facts.address)
    reason = lapse_reason(entry, policy, organization, at=at)
    if reason:
        raise EntryLapsed(reason)
    _mark_seen(entry, at=at)
    return _member_actor(entry.membership, organization, entry=entry, facts=facts)


def actor_for_token(token: ApiToken, *, facts: RequestFacts, at: datetime) -> Actor:
    """The actor behind an authenticated token: its holder's rights, cut to the token's scopes.

    Raises WorkspaceHeld.
    """
    refuse_if_held(token.organization_id)
    _mark_used(token, at=at, address=facts.address)
    if token.service_account is not None:
        return _machine_actor(token, token.service_account, facts=facts)
    owner = token.owner
    teams = _teams(owner)
    held = _united(owner, teams)
    scopes = frozenset(token.scopes)
    stepped_up = (
        Entry.objects.open()
        .filter(membership=owner, step_up_at__isnull=False)
        .order_by("-step_up_at")
        .values_list("step_up_at", flat=True)
        .first()
    )
    return Actor(
        kind=ActorKind.TOKEN,
        organization=token.organization,
        name=f"{owner.name} ({token.name})",
        id=owner.pk,
        permissions=_allowed(token, held),
        team_ids=frozenset(team.team_id for team in teams),
        membership=owner,
        token=token,
        stepped_up_until=stepped_up + STEP_UP_LASTS
        if stepped_up and token.kind == ApiToken.Kind.PERSONAL
        else None,
        session_id=token.prefix,
        request_id=facts.request_id,
        address=facts.address,
        scopes=scopes,
    )


def _allowed(token: ApiToken, held: frozenset[Permission]) -> frozenset[Permission]:
    """The holder's rights within the token's scopes; while the workspace closes, to read only."""
    allowed = frozenset(p for p in held if p.value in token.scopes)
    is_closing = token.organization.status == Organization.Status.CLOSING
    return allowed & READING if is_closing else allowed


def _machine_actor(token: ApiToken, account: ServiceAccount, *, facts: RequestFacts) -> Actor:
    """A service account: nothing is its owner's own to it, and it never steps up.

    The owner stays behind it as the member: whoever must not decide about their own request
    must not decide about it through a machine either.
    """
    rights, scopes = rights_of_account(account), frozenset(token.scopes)
    allowed = _allowed(token, rights.permissions)
    return Actor(
        kind=ActorKind.TOKEN,
        organization=token.organization,
        name=f"{account.name} ({token.name})",
        id=account.pk,
        permissions=allowed,
        proven=allowed & DECIDING if token.may_decide else frozenset(),
        team_ids=frozenset(team.pk for team in rights.teams),
        membership=account.owner,
        token=token,
        session_id=token.prefix,
        request_id=facts.request_id,
        address=facts.address,
        scopes=scopes,
    )


def actor_for_member(
    membership: Membership,
    *,
    entry: Entry | None = None,
    facts: RequestFacts = RequestFacts(),  # noqa: B008  (immutable)
) -> Actor:
    """The actor that a membership is, for sign-in and invitations before an entry exists."""
    return _member_actor(membership, membership.organization, entry=entry, facts=facts)


def lapse_reason(entry: Entry, policy: Policy, organization: Organization, *, at: datetime) -> str:
    """Why the entry no longer satisfies the policy at `at`; empty while it does."""
    idle, absolute = policy.session_idle.total_seconds(), policy.session_absolute.total_seconds()
    if organization.is_vendor:
        idle, absolute = min(idle, VENDOR_IDLE_SECONDS), min(absolute, VENDOR_ABSOLUTE_SECONDS)
    if entry.method == Entry.Method.BREAK_GLASS:
        absolute = min(absolute, BREAK_GLASS_SECONDS)
    if (at - entry.seen_at).total_seconds() >= idle:
        return "You were away for a while. Sign in again to go on."
    if (at - entry.authenticated_at).total_seconds() >= absolute:
        return "Your session has reached its longest time. Sign in again to go on."
    return method_lapse(entry, policy, at=at)


def method_lapse(entry: Entry, policy: Policy, *, at: datetime) -> str:
    """Why the policy no longer accepts the way the entry was opened; empty while it does."""
    if entry.is_local:
        if _outlives_enforcement(entry, policy):
            return ""
        return password_lapse(policy, has_second_factor=entry.has_second_factor, at=at)
    if entry.method == Entry.Method.BREAK_GLASS:
        is_owner = entry.membership.role == BuiltInRole.OWNER
        return "" if is_owner else "A break-glass code opens the workspace for its owners only."
    if not policy.allows(entry.method):
        return "Your organization no longer accepts this way of signing in."
    return ""


def _outlives_enforcement(entry: Entry, policy: Policy) -> bool:
    """Whoever can undo an enforcement keeps the session they had until it is confirmed.

    They test single sign-on elsewhere meanwhile, and must not be cut off from the way back.
    """
    enforced_at = policy.sso_enforced_at
    if enforced_at is None or policy.sso_confirmed_at is not None:
        return False
    if entry.authenticated_at >= enforced_at:
        return False
    return Permission.SSO_MANAGE in _united(entry.membership, _teams(entry.membership))


def password_lapse(policy: Policy, *, has_second_factor: bool, at: datetime) -> str:
    """Why a password does not open this workspace at `at`; empty when it does."""
    if policy.enforces_sso(at=at):
        return "This workspace is opened by single sign-on only."
    if policy.mfa_required and not has_second_factor:
        return "This workspace needs a second factor. Set one up, then sign in again."
    return ""


def _member_actor(
    membership: Membership,
    organization: Organization,
    *,
    entry: Entry | None,
    facts: RequestFacts,
) -> Actor:
    teams = _teams(membership)
    step_up_at = entry.step_up_at if entry else None
    return Actor(
        kind=ActorKind.MEMBER,
        organization=organization,
        name=membership.name or membership.email,
        id=membership.pk,
        permissions=_united(membership, teams),
        team_ids=frozenset(place.team_id for place in teams),
        membership=membership,
        entry=entry,
        stepped_up_until=step_up_at + STEP_UP_LASTS if step_up_at else None,
        session_id=str(entry.pk) if entry else "",
        request_id=facts.request_id,
        address=facts.address,
    )


def _teams(membership: Membership) -> list[TeamMember]:
    return list(TeamMember.objects.filter(membership=membership).select_related("team"))


def _united(membership: Membership, places: list[TeamMember]) -> frozenset[Permission]:
    return united(membership.role_permissions(), (place.team.permissions for place in places))


def _mark_seen(entry: Entry, *, at: datetime) -> None:
    if (at - entry.seen_at).total_seconds() < SEEN_EVERY_SECONDS:
        return
    Entry.objects.filter(pk=entry.pk).update(seen_at=at)
    Membership.objects.filter(pk=entry.membership_id).update(last_seen_at=at)


def _mark_used(token: ApiToken, *, at: datetime, address: str) -> None:
    last = token.last_used_at
    if last is None or (at - last).total_seconds() >= SEEN_EVERY_SECONDS:
        ApiToken.objects.filter(pk=token.pk).update(
            last_used_at=at, last_used_address=address or None
        )
