"""No filter by organization or by person can be taken away without a test that goes red.

Every filter is found in the code, and each has a row that it hides. The row is looked for as the
code is, and must not be found; then the filter is taken away, and the same look must find it.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from django.apps import apps
from django.db import models
from django.db.models import QuerySet

from audit.identifiers import new_id
from audit.models import Event
from audit.names import EventName
from audit.recorder import record
from portal.catalog.models import (
    Field,
    ImportRun,
    Integration,
    Resource,
    TeamAccess,
    TeamResourceAccess,
)
from portal.downstream.models import Connector
from portal.grants.models import Bundle, Case, Dispute, Grant, GrantDecision
from portal.people.models import InvitationList
from portal.sso.models import Connection, SetupLink, SignInAttempt
from portal.tickets.models import SavedFilter, Ticket
from tenants.access import Actor, ActorKind, system_actor
from tenants.models import (
    ApiToken,
    Entry,
    Invitation,
    Membership,
    Organization,
    Role,
    ServiceAccount,
    Team,
)
from tenants.permissions import Permission
from tenants.scoping import TenantManager, TenantModel, organization_scope, system_scope
from tests.cast import make_organization
from tests.rows import make_row

pytestmark = pytest.mark.django_db
TENANT_MODELS = [model for model in apps.get_models() if issubclass(model, TenantModel)]


def foreign_rows_seen(rows: list[Any]) -> set[str]:
    """The models that show their row of another organization, looked for from this one."""
    with system_scope("test: row-level security would hide what the managers do not"):
        return {
            row._meta.label for row in rows if type(row).objects.filter(pk__in=[row.pk]).exists()
        }


def test_without_the_tenant_filter_every_model_shows_rows_of_others(
    organization: Organization, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Each in an organization of its own: of some there may be only one.
    rows = [
        make_row(model, make_organization(f"other-{n}")) for n, model in enumerate(TENANT_MODELS)
    ]
    assert foreign_rows_seen(rows) == set()

    monkeypatch.setattr(TenantManager, "get_queryset", models.Manager.get_queryset)

    assert foreign_rows_seen(rows) == {model._meta.label for model in TENANT_MODELS}


def test_every_way_to_a_tenants_rows_goes_through_the_filter() -> None:
    """Django takes the default manager for related rows; a second one would be a second door."""
    for model in TENANT_MODELS:
        assert isinstance(model._default_manager, TenantManager), model
        assert {manager.name for manager in model._meta.managers} == {"objects", "unscoped"}, model


@dataclass(frozen=True)
class Stage:
    """Two organizations, and a row or an actor of the first when asked for."""

    mine: Organization
    other: Organization

    def row(self, model: type[TenantModel], **given: Any) -> Any:
        return make_row(model, self.mine, **given)

    def actor(self, *permissions: Permission, **facts: Any) -> Actor:
        told = {"kind": ActorKind.MEMBER, "id": new_id(), "name": "Somebody", **facts}
        return Actor(organization=self.mine, permissions=frozenset(permissions), **told)


@pytest.fixture
def stage(organization: Organization, other_organization: Organization) -> Stage:
    return Stage(organization, other_organization)


# A row that the filter hides, and an actor it hides it from.
Hidden = Callable[[Stage], tuple[models.Model, Actor]]
P = Permission


def without(model: type[TenantModel], *permissions: Permission) -> Hidden:
    """Any row of the model, from somebody who holds only these permissions."""
    return lambda stage: (stage.row(model), stage.actor(*permissions))


def beside_the_team(model: type[TenantModel]) -> Hidden:
    """Somebody whose team was given one thing, and who looks for another."""

    def hidden(stage: Stage) -> tuple[models.Model, Actor]:
        team = stage.row(Team)
        stage.row(TeamAccess, team=team)
        stage.row(TeamResourceAccess, team=team)
        return stage.row(model), stage.actor(P.CATALOG_VIEW, team_ids=frozenset({team.pk}))

    return hidden


def without_the_catalogue(model: type[TenantModel]) -> Hidden:
    """A place in the right team is nothing to somebody who may not see the catalogue."""

    def hidden(stage: Stage) -> tuple[models.Model, Actor]:
        row = stage.row(model)
        source = row if isinstance(row, Integration) else row.integration
        given = stage.row(TeamAccess, integration=source)
        return row, stage.actor(P.TEAM_VIEW, team_ids=frozenset({given.team_id}))

    return hidden


def a_private_team(stage: Stage) -> tuple[models.Model, Actor]:
    return stage.row(Team, visibility="private"), stage.actor(P.TEAM_VIEW)


def anothers_grant(stage: Stage) -> tuple[models.Model, Actor]:
    engineer = stage.actor(P.GRANT_VIEW, P.GRANT_REQUEST, kind=ActorKind.STAFF)
    return stage.row(Grant), engineer


def a_dispute_of_a_colleague(stage: Stage) -> tuple[models.Model, Actor]:
    engineer = stage.actor(P.GRANT_VIEW, P.GRANT_REQUEST, kind=ActorKind.STAFF)
    return stage.row(Dispute), engineer


def an_unsent_bundle(stage: Stage) -> tuple[models.Model, Actor]:
    return stage.row(Bundle), stage.actor(P.CASE_VIEW, kind=ActorKind.STAFF)


def a_grant_agreed_to(stage: Stage) -> tuple[models.Model, Actor]:
    actor = stage.actor(P.GRANT_DECIDE)
    said = stage.row(GrantDecision, verdict="approved", by_id=actor.id)
    return said.grant, actor


def anothers_connection(stage: Stage) -> tuple[models.Model, Actor]:
    holder = stage.row(SetupLink, connection=stage.row(Connection))
    link = stage.actor(P.SSO_VIEW, kind=ActorKind.SETUP_LINK, id=holder.pk)
    return stage.row(Connection), link


def an_integration_that_is_read(stage: Stage) -> tuple[models.Model, Actor]:
    return stage.row(Integration, kind="postgresql"), stage.actor(P.CATALOG_PUSH)


def an_event_of_others(stage: Stage) -> tuple[models.Model, Actor]:
    with organization_scope(stage.other.pk):
        record(EventName.PROFILE_CHANGED, actor=system_actor(stage.other))
    with system_scope("test"):
        return Event.objects.get(organization_id=stage.other.pk), stage.actor(P.AUDIT_VIEW)


HIDDEN: Mapping[str, tuple[Hidden, ...]] = {
    "ApiToken.visible_to": (without(ApiToken, P.TOKEN_ISSUE),),
    "Bundle.visible_to": (without(Bundle, P.GRANT_VIEW), an_unsent_bundle),
    "Case.visible_to": (without(Case, P.CASE_OPEN),),
    "Connector.visible_to": (without(Connector, P.TICKET_VIEW),),
    "Connection.visible_to": (without(Connection), anothers_connection),
    "Dispute.visible_to": (without(Dispute, P.CASE_VIEW), a_dispute_of_a_colleague),
    "Entry.visible_to": (without(Entry, P.MEMBER_VIEW),),
    "Event.visible_to": (an_event_of_others,),
    "Field.visible_to": (
        without(Field, P.CATALOG_VIEW),
        beside_the_team(Field),
        without_the_catalogue(Field),
    ),
    "Grant.visible_to": (without(Grant, P.GRANT_DECIDE), anothers_grant),
    "Grant.without_yes_of": (a_grant_agreed_to,),
    "ImportRun.visible_to": (
        without(ImportRun, P.CATALOG_VIEW, P.INTEGRATION_VIEW),
        beside_the_team(ImportRun),
    ),
    "Integration.pushed_to_by": (
        without(Integration, P.INTEGRATION_MANAGE),
        an_integration_that_is_read,
    ),
    "Integration.visible_to": (
        without(Integration, P.INTEGRATION_VIEW),
        beside_the_team(Integration),
        without_the_catalogue(Integration),
    ),
    "Invitation.visible_to": (without(Invitation, P.MEMBER_VIEW),),
    "InvitationList.visible_to": (without(InvitationList, *P),),
    "Membership.visible_to": (without(Membership, P.TEAM_VIEW),),
    "Resource.first_visible": (
        without(Resource, P.CATALOG_VIEW),
        beside_the_team(Resource),
        without_the_catalogue(Resource),
    ),
    "Resource.visible_to": (
        without(Resource, P.CATALOG_VIEW),
        beside_the_team(Resource),
        without_the_catalogue(Resource),
    ),
    "Role.visible_to": (without(Role, P.MEMBER_VIEW),),
    "SavedFilter.visible_to": (without(SavedFilter, *P),),
    "ServiceAccount.visible_to": (without(ServiceAccount, P.TOKEN_ISSUE),),
    "SignInAttempt.visible_to": (without(SignInAttempt, P.AUDIT_VIEW),),
    "Team.visible_to": (without(Team, P.MEMBER_VIEW), a_private_team),
    "Ticket.visible_to": (without(Ticket, P.AUDIT_VIEW),),
}
MORE_THAN_THE_ACTOR: Mapping[str, Mapping[str, Any]] = {
    "Resource.first_visible": {"after": None, "size": 10_000},
}


def filters_by_person() -> dict[str, type[QuerySet[Any]]]:
    """Every method of a query set that is told who looks, as `Model.method`."""
    kinds = {
        model.__name__: getattr(model._default_manager, "_queryset_class", QuerySet)
        for model in apps.get_models()
    }
    return {
        f"{model}.{name}": kind
        for model, kind in kinds.items()
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if {"actor", "reader"} & set(inspect.signature(method).parameters)
    }


def sees(filtered: str, row: models.Model, actor: Actor) -> bool:
    look = getattr(type(row)._default_manager, filtered.split(".")[1])
    with system_scope("test: row-level security would hide an event of others"):
        found = look(actor, **MORE_THAN_THE_ACTOR.get(filtered, {}))
        return row.pk in {each.pk for each in found}


def test_every_filter_by_person_has_a_row_that_it_hides() -> None:
    assert set(filters_by_person()) == set(HIDDEN)


@pytest.mark.parametrize("filtered", HIDDEN)
def test_without_the_filter_by_person_hidden_rows_are_seen(
    filtered: str, stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    hidden = [make(stage) for make in HIDDEN[filtered]]
    assert [row for row, actor in hidden if sees(filtered, row, actor)] == []

    kind = filters_by_person()[filtered]
    monkeypatch.setattr(kind, filtered.split(".")[1], lambda self, *_who, **_more: self)

    assert [row for row, actor in hidden if not sees(filtered, row, actor)] == []
