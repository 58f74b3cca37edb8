"""Directory tokens: made, shown once, two at a time, revoked for good."""

from datetime import datetime, timedelta

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, Refusal
from portal.directory.models import DirectoryToken
from portal.directory.rules import TOKEN_LETTERS, TOKEN_LIFE, TOKENS_AT_ONCE
from tenants.access import Actor, action
from tenants.actions.guards import lock_organization
from tenants.permissions import Permission
from tenants.tokens import mint

LONGEST_NAME = 80


class TooManyTokens(Refusal):
    code = "too-many-tokens"


@action(Permission.SSO_MANAGE, step_up=True)
def issue_directory_token(
    *, actor: Actor, at: datetime, name: str, lasts: timedelta
) -> tuple[DirectoryToken, str]:
    """A new token and its text, which is known only now. Raises Invalid, TooManyTokens."""
    _check(name, lasts)
    lock_organization()
    if DirectoryToken.objects.usable(at=at).count() >= TOKENS_AT_ONCE:
        raise TooManyTokens(
            "Two tokens work already. Revoke the one that your identity provider no longer uses."
        )
    made = mint(TOKEN_LETTERS)
    token: DirectoryToken = DirectoryToken.objects.create(
        name=name.strip(),
        prefix=made.prefix,
        digest=made.digest,
        made_by=actor.membership,
        created_at=at,
        expires_at=at + lasts,
    )
    record(
        EventName.DIRECTORY_TOKEN_ISSUED,
        actor=actor,
        target=token,
        expires_at=token.expires_at.isoformat(),
    )
    return token, made.text


@action(Permission.SSO_MANAGE, step_up=True)
def revoke_directory_token(token: DirectoryToken, *, actor: Actor, at: datetime) -> DirectoryToken:
    """End a token; the identity provider's next call with it is refused."""
    token = DirectoryToken.objects.locked(token.pk)
    if token.revoked_at is None:
        token.revoked_at = at
        token.save(update_fields=["revoked_at"])
        record(EventName.DIRECTORY_TOKEN_REVOKED, actor=actor, target=token)
    return token


def _check(name: str, lasts: timedelta) -> None:
    errors: dict[str, str] = {}
    if not 1 <= len(name.strip()) <= LONGEST_NAME:
        errors["name"] = f"Give it a name of at most {LONGEST_NAME} characters."
    if not timedelta(hours=1) <= lasts <= TOKEN_LIFE:
        errors["lasts"] = f"At least an hour, at most {TOKEN_LIFE.days} days."
    if errors:
        raise Invalid("The token was not made.", errors)
