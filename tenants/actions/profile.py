"""A person's own words about themselves, copied into each organization they belong to."""

from audit.names import EventName
from audit.recorder import record
from tenants.access import Actor, action
from tenants.models import Membership


@action(None)
def copy_profile(*, actor: Actor, name: str, changed: list[str]) -> Membership | None:
    """Take over the new name of the actor's own membership; None for who is no member."""
    if actor.membership is None:
        return None
    membership = Membership.objects.locked(actor.membership.pk)
    membership.name = name
    membership.save(update_fields=["name"])
    record(EventName.PROFILE_CHANGED, actor=actor, target=membership, changed=changed)
    return membership
