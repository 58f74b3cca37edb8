"""Who is let in at the beginning of a long answer must still be let in at each later part of it."""

from datetime import datetime

from audit.refusals import NotPermitted
from tenants.access import Actor
from tenants.resolving import RequestFacts, actor_for_session, actor_for_token
from tenants.scoping import organization_scope
from tenants.tokens import authenticate_digest


def let_in_again(actor: Actor, *, at: datetime) -> Actor:
    """The same caller, with the rights that a new request of theirs would have now.

    Raises what would refuse that request: TokenRefused, EntryLapsed, AddressRefused,
    WorkspaceHeld; NotPermitted where nothing of what let them in is left.
    """
    facts = RequestFacts(actor.request_id, actor.address)
    with organization_scope(actor.organization_id):
        if actor.token is not None:
            prefix, digest = actor.token.prefix, actor.token.digest
            token = authenticate_digest(prefix, digest, at=at, address=actor.address)
            return actor_for_token(token, facts=facts, at=at)
        entry, member = actor.entry, actor.membership
        found = None
        if entry is not None and member is not None and member.user_id is not None:
            found = actor_for_session(
                entry.session_key, member.user_id, actor.organization, at=at, facts=facts
            )
        if found is None:
            raise NotPermitted(f"Your access to {actor.organization.name} was ended.")
        return found
