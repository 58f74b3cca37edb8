"""What allauth asks when somebody comes back from an identity provider."""

from typing import Any
from uuid import UUID

from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from django.http import HttpRequest

from accounts.models import User, normalized
from portal.sso.admission import Admission, decide_admission
from portal.sso.connecting import find_door
from portal.sso.identity import Identity
from portal.sso.models import Connection
from portal.sso.providers import ConnectionProvider, Vouching, provider_for
from portal.sso.refusals import Reason, SignInRefused
from tenants.access import system_actor
from tenants.actions.invitations import accept_invitation
from tenants.actions.members import admit_member
from tenants.actions.teams import join_default_teams
from tenants.clock import now
from tenants.scoping import organization_scope


class ConnectionAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]
    """Every rule is applied here, before allauth signs anybody in; sign-up stays closed."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Turn away, recognise or provision. Raises SignInRefused."""
        provider = sociallogin.provider
        if not isinstance(provider, Vouching) or provider.identity is None:
            raise SignInRefused(Reason.INACTIVE)
        known = sociallogin.user if sociallogin.is_existing else None
        at = now()
        admission = decide_admission(
            provider.connection, provider.identity, known=known, at=at, present=provider.present
        )
        if known is None and admission.user is not None:
            _link(sociallogin, admission.user)
        elif known is None:
            _provision(request, sociallogin, admission)
        provider.apply_mappings(sociallogin.user, at=at)

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def is_email_verified(self, provider: Any, email: str) -> bool:
        """The domain was checked against the organization's proven ones."""
        return isinstance(provider, Vouching)

    def populate_user(
        self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]
    ) -> User:
        user: User = sociallogin.user
        user.email = normalized(data.get("email") or "")
        user.name = data.get("name") or user.email.partition("@")[0]
        return user

    def get_provider(
        self, request: HttpRequest, provider: str, client_id: str | None = None
    ) -> ConnectionProvider:
        """The connection again, after a sign-in that waited for the person's second factor.

        Raises ValueError, which sends the person back to the start.
        """
        door = find_door(UUID(client_id or ""))
        if door is None:
            raise ValueError(provider)
        with organization_scope(door.organization.pk):
            connection = Connection.objects.select_related("organization").get(
                pk=door.connection_id
            )
        return provider_for(request, connection)

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Connections are ours: allauth's own table of apps stays empty."""
        return []

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Mail about sign-ins is written by the reader of the log."""


def _link(sociallogin: SocialLogin, user: User) -> None:
    account: SocialAccount = sociallogin.account
    account.user = user
    account.save()
    sociallogin.user = user


def _provision(request: HttpRequest, sociallogin: SocialLogin, admission: Admission) -> None:
    """Make the account and the member, as the invitation says or else as the policy does."""
    provider: Vouching = sociallogin.provider
    connection: Connection = provider.connection
    identity: Identity | None = provider.identity
    sociallogin.save(request)
    user: User = sociallogin.user
    actor, invitation = system_actor(connection.organization), admission.invitation
    if invitation is not None:
        member = accept_invitation(
            invitation, actor=actor, at=now(), user=user, version=invitation.version
        )
    else:
        member = admit_member(
            actor=actor,
            at=now(),
            user=user,
            name=user.name,
            email=identity.email if identity else user.email,
            role=admission.policy.default_role,
            source=connection.kind,
        )
    join_default_teams(member, actor=actor)
