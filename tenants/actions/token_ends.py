"""The end of a token is announced a week before, once."""

from datetime import datetime, timedelta
from typing import Final

from audit.models import Event
from audit.names import EventName
from audit.recorder import record
from tenants.access import Actor, action
from tenants.models import ApiToken
from tenants.permissions import Permission

TOKEN_NOTICE: Final = timedelta(days=7)


@action(Permission.TOKEN_MANAGE)
def notice_token_end(token: ApiToken, *, actor: Actor, at: datetime) -> bool:
    """Announce an end that is near. Tells whether there was something to announce.

    The log remembers that it was: a token's end is never moved further away.
    """
    token = ApiToken.objects.locked(token.pk)
    if not is_token_end_near(token, at=at) or _was_noticed(token):
        return False
    record(
        EventName.TOKEN_END_NOTICED,
        actor=actor,
        target=token,
        ends_at=token.expires_at.isoformat(),
    )
    return True


def is_token_end_near(token: ApiToken, *, at: datetime) -> bool:
    """Neither of a token that was replaced, nor of one that was made for a week or less."""
    is_short = token.expires_at - token.created_at <= TOKEN_NOTICE
    stands = token.is_usable(at=at) and token.rotated_at is None and not is_short
    return stands and token.expires_at <= at + TOKEN_NOTICE


def _was_noticed(token: ApiToken) -> bool:
    told = Event.objects.filter(
        organization_id=token.organization_id,
        target_id=token.pk,
        name=EventName.TOKEN_END_NOTICED,
    )
    return told.exists()
