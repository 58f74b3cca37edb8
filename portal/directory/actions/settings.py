"""The brake's limit."""

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, StaleVersion
from portal.directory.models import DirectorySettings
from tenants.access import Actor, action
from tenants.actions.guards import lock_organization
from tenants.permissions import Permission

MOST_PERCENT = 100


@action(Permission.SSO_MANAGE, step_up=True)
def change_brake(*, actor: Actor, percent: int, version: int) -> DirectorySettings:
    """Set how large a share may lose access within an hour. Raises Invalid, StaleVersion."""
    if not 1 <= percent <= MOST_PERCENT:
        raise Invalid("The limit was not changed.", {"percent": "Between 1 and 100 %."})
    lock_organization()
    settings = DirectorySettings.objects.first() or DirectorySettings.objects.create()
    if settings.version != version:
        raise StaleVersion("Somebody else changed the limit meanwhile. Look again, then decide.")
    before, settings.brake_percent = settings.brake_percent, percent
    settings.version += 1
    settings.save(update_fields=["brake_percent", "version"])
    record(
        EventName.DIRECTORY_BRAKE_CHANGED,
        actor=actor,
        target=settings,
        before=f"{before} %",
        after=f"{percent} %",
    )
    return settings
