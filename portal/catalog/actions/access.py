"""Giving teams access to integrations and to single resources."""

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotFound, NotPermitted
from portal.catalog.actions.integrations import refuse_if_deleting
from portal.catalog.models import Integration, Resource, TeamAccess, TeamResourceAccess
from portal.catalog.models.reach import Reach
from portal.catalog.rules import Level
from tenants.access import Actor, action
from tenants.models import Team
from tenants.permissions import Permission


@action(Permission.INTEGRATION_MANAGE)
def set_team_access(
    integration: Integration, *, actor: Actor, team: Team, level: str
) -> TeamAccess | None:
    """Let a team see everything in an integration, or no longer when `level` is empty."""
    integration = Integration.objects.locked(integration.pk)
    refuse_if_deleting(integration)
    team = _held(team)
    _may_give(_known(level), actor=actor, integration=integration)
    given = TeamAccess.objects.filter(team=team, integration=integration)
    if _is_set(given.values_list("level", flat=True).first(), _known(level)):
        return given.first()
    access = None
    if level:
        access, _created = TeamAccess.objects.update_or_create(
            team=team, integration=integration, defaults={"level": level}
        )
    else:
        given.delete()
    record(
        EventName.TEAM_ACCESS_CHANGED,
        actor=actor,
        target=team,
        integration=str(integration.pk),
        changed=level or "no access",
    )
    return access


@action(Permission.INTEGRATION_MANAGE)
def set_resource_access(
    resource: Resource, *, actor: Actor, team: Team, level: str
) -> TeamResourceAccess | None:
    """Let a team see one resource, or no longer when `level` is empty."""
    integration = Integration.objects.locked(resource.integration_id)
    refuse_if_deleting(integration)
    resource = Resource.objects.locked(resource.pk)
    team = _held(team)
    _may_give(_known(level), actor=actor, integration=integration, resource=resource)
    given = TeamResourceAccess.objects.filter(team=team, resource=resource)
    if _is_set(given.values_list("level", flat=True).first(), _known(level)):
        return given.first()
    access = None
    if level:
        access, _created = TeamResourceAccess.objects.update_or_create(
            team=team,
            resource=resource,
            defaults={
                "level": level,
                "integration": integration,
                "sort_key": resource.sort_key,
            },
        )
    else:
        given.delete()
    record(
        EventName.TEAM_ACCESS_CHANGED,
        actor=actor,
        target=team,
        integration=str(integration.pk),
        resource=str(resource.pk),
        changed=level or "no access",
    )
    return access


def _may_give(
    level: str, *, actor: Actor, integration: Integration, resource: Resource | None = None
) -> None:
    """Raises NotPermitted for what the actor's own teams were not given, if they see no more.

    Whoever sees the whole catalogue decides who queries it: no role brings that by itself.
    """
    reach = Reach.of(actor)
    if not level or reach.everything:
        return
    levels = [Level.QUERY] if level == Level.QUERY else [Level.VIEW, Level.QUERY]
    own = {"team__in": reach.team_ids, "level__in": levels}
    is_held = TeamAccess.objects.filter(integration=integration, **own).exists()
    if resource is not None and not is_held:
        is_held = TeamResourceAccess.objects.filter(resource=resource, **own).exists()
    if not is_held:
        raise NotPermitted(_("You cannot give more of the catalogue than you see yourself."))


def _held(team: Team) -> Team:
    """Held until the end, so that nobody deletes it meanwhile."""
    try:
        return Team.objects.locked(team.pk)
    except Team.DoesNotExist as gone:
        raise NotFound(_("This team is gone.")) from gone


def _known(level: str) -> str:
    if level and level not in Level.values:
        raise Invalid(_("This level of access is not known."), {"level": _("Choose one listed.")})
    return level


def _is_set(before: str | None, wanted: str) -> bool:
    return (before or "") == wanted
