"""What a proven identity would come to if it were a sign-in: read, never carried out."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from allauth.socialaccount.models import SocialAccount
from django.utils.translation import gettext as _

from portal.sso import mapping
from portal.sso.admission import Admission, decide_admission
from portal.sso.applying import mappings_of, standing_of
from portal.sso.identity import Identity
from portal.sso.mapping import Standing
from portal.sso.models import Connection, Domain
from portal.sso.refusals import SignInRefused
from portal.sso.rules import domain_of
from portal.sso.verdicts import Check
from tenants.models import DefaultTeam, Invitation, ManagedBy, Membership, Team
from tenants.naming import role_labels
from tenants.permissions import ROLE_PERMISSIONS


@dataclass(frozen=True)
class Foreseen:
    """Whether the person would be let in, as what, and into which teams."""

    is_let_in: bool
    words: str
    role: str = ""
    teams: tuple[str, ...] = ()


def foresee(
    connection: Connection, identity: Identity, *, at: datetime, present: UUID | None = None
) -> Foreseen:
    """Inside the organization's scope; `present` is who is signed in, in the same browser."""
    account = (
        SocialAccount.objects.select_related("user")
        .filter(provider=connection.provider_id, uid=identity.subject)
        .first()
    )
    known = account.user if account else None
    try:
        admission = decide_admission(connection, identity, known=known, at=at, present=present)
    except SignInRefused as refusal:
        return Foreseen(is_let_in=False, words=refusal.message)
    words = (
        _("They would come in as the member they are already.")
        if admission.user
        else _("They would become a member at their first sign-in.")
    )
    role, teams = _place(connection, identity, admission)
    return Foreseen(is_let_in=True, words=words, role=role, teams=teams)


def domain_check(identity: Identity) -> Check:
    """Nobody is let in whose address the organization has not proven to own."""
    name = domain_of(identity.email)
    is_proven = Domain.objects.verified().filter(name=name).exists()
    return Check(
        rule=_("Proven domain"),
        passed=is_proven,
        expected=_("an address in a domain that you have proven"),
        received=f"…@{name}",
        fix="" if is_proven else _("Prove %s under Domains, then test again.") % name,
    )


def _place(
    connection: Connection, identity: Identity, admission: Admission
) -> tuple[str, tuple[str, ...]]:
    policy, mappings = admission.policy, mappings_of(connection)
    member = Membership.objects.filter(user=admission.user).first() if admission.user else None
    standing = (
        standing_of(member, managed_by=ManagedBy.CONNECTION)
        if member
        else _newcomer(policy.default_role, admission.invitation)
    )
    outcome = mapping.decide(
        mappings,
        standing,
        mapping.kept(identity.claims, mappings.claims),
        default_role=policy.default_role,
    )
    label = role_labels()[outcome.role or standing.role]
    return label, _names((standing.team_ids | outcome.joins) - outcome.leaves)


def _newcomer(default_role: str, invitation: Invitation | None) -> Standing:
    """With the role they were invited to, else the one everybody begins with."""
    role = invitation.role if invitation else default_role
    custom = invitation.custom_role if invitation else None
    return Standing(
        role=f"custom:{custom.pk}" if custom else role,
        permissions=custom.held() if custom else ROLE_PERMISSIONS[role],
        team_ids=frozenset(DefaultTeam.objects.values_list("team_id", flat=True)),
    )


def _names(team_ids: Collection[UUID]) -> tuple[str, ...]:
    """The result is kept and read by people who may not know of a private team."""
    teams = Team.objects.filter(pk__in=team_ids).order_by("name")
    return tuple(
        team.name if team.visibility == Team.Visibility.PUBLIC else _("a private team")
        for team in teams
    )
