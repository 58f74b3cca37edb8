"""Before a mapping is saved, the page says whom it changes; then exactly that happens."""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.refusals import Invalid, NotPermitted, StaleVersion
from portal.sso.actions.mapping import MappingFacts, RuleFacts, set_mapping
from portal.sso.applying import carry_out, mappings_of, standing_of
from portal.sso.mapping import MAX_VALUES, decide, kept
from portal.sso.models import ClaimMapping, ClaimRule, SeenClaims
from portal.sso.previewing import candidate, not_mapped, preview, seen_claims
from tenants.access import Actor, system_actor
from tenants.actions.teams import create_team
from tenants.models import ManagedBy, Membership, Organization, Policy, Team, TeamMember
from tenants.scoping import organization_scope
from tests.portal.sso.conftest import Idp
from tests.portal.sso.mapping import map_roles

pytestmark = pytest.mark.django_db
VALUES = ("a", "b", "c", "d")


def _seen(idp: Idp, member: Membership, groups: list[str] | None) -> None:
    claims = {} if groups is None else {"groups": sorted(set(groups))}
    SeenClaims.objects.remember(idp.connection, member, claims, at=timezone.now())


def _roles(idp: Idp, *, authoritative: bool = True, **roles: str) -> MappingFacts:
    rules = [RuleFacts(value, role=role) for value, role in roles.items()]
    return MappingFacts("role", "groups", authoritative, rules)


def _teams(team_id: UUID) -> MappingFacts:
    rules = [RuleFacts("a", team_id=team_id)]
    return MappingFacts("teams", "groups", is_authoritative=True, rules=rules)


def test_a_preview_names_who_gains_and_who_loses(
    acme_idp: Idp, ada: Membership, max_: Membership, mia: Membership, at: datetime
) -> None:
    _seen(acme_idp, max_, ["Everyone"])
    _seen(acme_idp, mia, ["Admins"])

    shown = preview(
        acme_idp.connection,
        candidate(acme_idp.connection, _roles(acme_idp, Admins="admin")),
        at=at,
        actor=system_actor(acme_idp.connection.organization),
    )

    assert [(e.member.name, e.before, e.after) for e in shown.effects] == [
        ("Max Lindqvist", "Admin", "Viewer"),
        ("Mia Castellan", "Viewer", "Admin"),
    ]
    assert (shown.unchanged, shown.without_claim, shown.unseen) == (0, 0, 1)


def test_whose_claim_did_not_come_is_counted_and_left_alone(
    acme_idp: Idp, mia: Membership, at: datetime
) -> None:
    _seen(acme_idp, mia, None)

    shown = preview(
        acme_idp.connection,
        candidate(acme_idp.connection, _roles(acme_idp, a="admin")),
        at=at,
        actor=system_actor(acme_idp.connection.organization),
    )

    assert (shown.effects, shown.unchanged, shown.without_claim) == ((), 1, 1)


_groups = st.none() | st.lists(st.sampled_from(VALUES), max_size=4)
_role_rules = st.none() | st.tuples(
    st.booleans(),
    st.dictionaries(
        st.sampled_from(VALUES), st.sampled_from(["admin", "editor", "viewer", "auditor"])
    ),
)
_team_rules = st.none() | st.tuples(
    st.booleans(), st.lists(st.tuples(st.sampled_from(VALUES), st.integers(0, 2)), max_size=5)
)


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    groups=st.lists(_groups, min_size=3, max_size=3),
    roles=_role_rules,
    teams=_team_rules,
    managed=st.lists(st.integers(0, 2), max_size=3),
)
def test_what_the_preview_says_is_what_happens(
    acme_idp: Idp,
    ada: Membership,
    max_: Membership,
    mia: Membership,
    groups: list[list[str] | None],
    roles: Any,
    teams: Any,
    managed: list[int],
) -> None:
    people = [ada, max_, mia]
    all_teams = _three_teams(acme_idp.connection.organization)
    _start_over(people, all_teams, managed)
    for member, came in zip(people, groups, strict=True):
        _seen(acme_idp, member, came)
    _save(acme_idp, roles, teams, all_teams)
    connection = acme_idp.connection
    said = preview(
        connection,
        mappings_of(connection),
        at=timezone.now(),
        actor=system_actor(connection.organization),
    )

    before = {member.pk: _state(member) for member in people}
    for member, came in zip(people, groups, strict=True):
        _sign_in(acme_idp, member, came)
    after = {member.pk: _state(member) for member in people}

    changed = {pk for pk in before if before[pk] != after[pk]}
    assert changed == {effect.member.pk for effect in said.effects}
    for effect in said.effects:
        role, places = after[effect.member.pk]
        old_role, old_places = before[effect.member.pk]
        assert (effect.after.lower() or old_role) == role
        assert places == (old_places | set(effect.joins)) - set(effect.leaves)


def _sign_in(idp: Idp, member: Membership, came: list[str] | None) -> None:
    mappings = mappings_of(idp.connection)
    claims = kept({} if came is None else {"groups": came}, mappings.claims)
    member = Membership.objects.get(pk=member.pk)
    outcome = decide(
        mappings,
        standing_of(member, managed_by=ManagedBy.CONNECTION),
        claims,
        default_role=Policy.objects.get().default_role,
    )
    actor = system_actor(idp.connection.organization)
    carry_out(outcome, member, actor=actor, managed_by=ManagedBy.CONNECTION)


def _three_teams(organization: Organization) -> list[Team]:
    actor = system_actor(organization)
    names = ("Finance", "Legal", "Sales")
    have = {team.name: team for team in Team.objects.filter(name__in=names)}
    return [
        have.get(name) or create_team(actor=actor, at=timezone.now(), name=name) for name in names
    ]


def _start_over(people: list[Membership], teams: list[Team], managed: list[int]) -> None:
    ClaimMapping.objects.all().delete()
    TeamMember.objects.all().delete()
    for member in people:
        Membership.objects.filter(pk=member.pk).update(
            role=member.role, role_managed_by=ManagedBy.PEOPLE
        )
    for number in set(managed):
        TeamMember.objects.create(
            team=teams[number], membership=people[2], managed_by=ManagedBy.CONNECTION
        )


def _save(idp: Idp, roles: Any, teams: Any, all_teams: list[Team]) -> None:
    if roles is not None:
        map_roles(idp, authoritative=roles[0], **roles[1])
    if teams is not None:
        rules = [RuleFacts(value, team_id=all_teams[n].pk) for value, n in teams[1]]
        set_mapping(
            idp.connection,
            actor=system_actor(idp.connection.organization),
            wanted=MappingFacts("teams", "groups", teams[0], rules),
        )


def _state(member: Membership) -> tuple[str, set[str]]:
    row = Membership.objects.get(pk=member.pk)
    places = TeamMember.objects.filter(membership=row).values_list("team__name", flat=True)
    return row.role, set(places)


def test_a_preview_of_thousands_takes_as_many_queries_as_of_three(
    acme_idp: Idp, organization: Organization, at: datetime
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            preview(
                acme_idp.connection,
                candidate(acme_idp.connection, _roles(acme_idp, a="admin")),
                at=at,
                actor=system_actor(acme_idp.connection.organization),
            )
        return len(seen)

    _crowd(acme_idp, organization, 3)
    few = queries()
    _crowd(acme_idp, organization, 3000)
    assert queries() == few <= 8


def _crowd(idp: Idp, organization: Organization, number: int) -> None:
    first = Membership.objects.count()
    made = Membership.objects.bulk_create(
        Membership(
            organization=organization,
            name=f"Person {n}",
            email=f"p{n}@acme.test",
            role="viewer",
            source="saml",
            joined_at=timezone.now(),
        )
        for n in range(first, first + number)
    )
    SeenClaims.objects.bulk_create(
        SeenClaims(
            organization=organization,
            connection=idp.connection,
            membership=member,
            claims={"groups": [f"g{n % 40}" for n in range(10)]},
            at=timezone.now(),
        )
        for member in made
    )


def test_values_that_nobody_mapped_are_listed_by_how_many_came_with_them(
    acme_idp: Idp, max_: Membership, mia: Membership, at: datetime
) -> None:
    map_roles(acme_idp, Admins="admin")
    _seen(acme_idp, max_, ["Admins", "Everyone", "Berlin"])
    _seen(acme_idp, mia, ["Everyone"])

    found = not_mapped(mappings_of(acme_idp.connection), seen_claims(acme_idp.connection, at=at))

    assert [(one.value, one.people) for one in found] == [("Everyone", 2), ("Berlin", 1)]


def test_more_groups_than_anybody_has_decide_nothing() -> None:
    """A list that was cut off must not take roles away."""
    claims = kept({"groups": [f"g{n}" for n in range(MAX_VALUES + 1)]}, {"groups"})

    assert claims == {"groups": None}


# --- Who may map what --------------------------------------------------------------------------


def test_nobody_maps_to_ownership_or_to_more_than_they_hold(
    acme_idp: Idp, max_: Membership, actor_of: Callable[..., Actor], organization: Organization
) -> None:
    actor = actor_of(max_)
    team = create_team(actor=system_actor(organization), at=timezone.now(), name="Closers")
    Team.objects.filter(pk=team.pk).update(permissions=["deletion:close_organization"])

    with pytest.raises(Invalid):
        set_mapping(acme_idp.connection, actor=actor, wanted=_roles(acme_idp, a="owner"))
    wanted = _teams(team.pk)
    with pytest.raises(NotPermitted):
        set_mapping(acme_idp.connection, actor=actor, wanted=wanted)
    assert not ClaimRule.objects.exists()


def test_a_team_of_another_organization_is_no_team_here(
    acme_idp: Idp, ada: Membership, other_organization: Organization, actor_of: Callable[..., Actor]
) -> None:
    with organization_scope(other_organization.pk):
        theirs = create_team(
            actor=system_actor(other_organization), at=timezone.now(), name="Theirs"
        )
    for team_id in (theirs.pk, uuid4()):
        wanted = _teams(team_id)
        with pytest.raises(Invalid):
            set_mapping(acme_idp.connection, actor=actor_of(ada), wanted=wanted)


def test_two_who_change_a_mapping_at_once_do_not_overwrite_each_other(
    acme_idp: Idp, ada: Membership, actor_of: Callable[..., Actor]
) -> None:
    map_roles(acme_idp, a="admin")

    with pytest.raises(StaleVersion):
        set_mapping(acme_idp.connection, actor=actor_of(ada), wanted=_roles(acme_idp, b="editor"))
