"""What one member looks after, given to another."""

from audit.names import EventName
from audit.recorder import record
from tenants.access import Actor, action
from tenants.actions.guards import hold_teams, may_hand_out
from tenants.models import ApiToken, ManagedBy, Membership, ServiceAccount, Team, TeamMember
from tenants.permissions import Permission
from tenants.rights import known


@action(Permission.SERVICE_ACCOUNT_MANAGE)
def hand_over_account(
    account: ServiceAccount, *, actor: Actor, successor: Membership
) -> ServiceAccount:
    """Somebody else answers for the machine; it may do no more than they from then on."""
    account = ServiceAccount.objects.locked(account.pk)
    account.owner = successor
    account.version += 1
    account.save(update_fields=["owner", "version"])
    ApiToken.objects.filter(service_account=account).update(owner=successor)
    record(EventName.SERVICE_ACCOUNT_CHANGED, actor=actor, target=account, changed="owner")
    return account


@action(Permission.TEAM_MANAGE)
def hand_over_lead(
    team: Team, *, actor: Actor, leader: Membership, successor: Membership
) -> TeamMember:
    """Another leads the team; both stay in it, or come into it. Raises NotFound."""
    team = hold_teams([team])[team.pk]
    # Coming into the team brings what it allows.
    may_hand_out(known(team.permissions), actor=actor)
    TeamMember.objects.filter(team=team, membership=leader).update(is_lead=False)
    place = TeamMember.objects.filter(team=team, membership=successor).first()
    if place is None:
        place = TeamMember(team=team, membership=successor, managed_by=ManagedBy.PEOPLE)
        place.organization_id = team.organization_id
        record(EventName.TEAM_MEMBER_ADDED, actor=actor, target=successor, team=team.name)
    place.is_lead = True
    place.save()
    for person, changed in ((leader, "no longer leads it"), (successor, "leads it")):
        record(
            EventName.TEAM_LEAD_CHANGED,
            actor=actor,
            target=person,
            team=team.name,
            changed=changed,
        )
    return place
