"""Page, API, search, export and suggestions give everybody the same rows: those of the oracle.

Organizations are made at random; what each person may see is worked out a second time from the
bare rows, by code that shares nothing with the product's.
"""

import csv
import io
import random
import re
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
from django.core.cache import cache
from django.test import Client
from django.utils import timezone

from portal.catalog import listing
from portal.catalog.models import Resource
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_token_text, open_session
from tests.portal.access.oracle import Seen, seen_by
from tests.portal.access.worlds import World, make_world

pytestmark = pytest.mark.django_db
Found = set[UUID]
UUIDS = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# Without the permission, without a place in the workspace, without a token that still opens it.
NOT_SERVED = {401, 403, 404}


@dataclass
class Person:
    """One browser and one token of a member; the token asks for everything there is."""

    member: Membership
    browser: Client
    token: str

    @classmethod
    def of(cls, member: Membership) -> "Person":
        browser = Client()
        open_session(browser, member)
        return cls(member, browser, make_token_text(member))

    def page(self, path: str, **query: str) -> Any:
        return self.browser.get(f"/o/{self.member.organization.slug}/{path}", query)

    def call(self, path: str, **query: str) -> Any:
        head = {"Authorization": f"Bearer {self.token}"}
        return Client().get(f"/api/v1/{path}", query, headers=head)

    def pages(self, path: str) -> list[UUID]:
        """The ids on all pages of a list in the browser, in their order; none if refused."""
        found: list[UUID] = []
        cursor = ""
        while (answer := self.page(path, cursor=cursor)).status_code == 200:
            rows = answer.context["page"]
            found += [row.pk for row in rows.rows]
            cursor = rows.next_cursor
            if not cursor:
                return found
        assert answer.status_code in NOT_SERVED
        return found

    def calls(self, path: str, key: str = "id") -> list[UUID]:
        """The same over the API."""
        found: list[UUID] = []
        query = {"size": "4"}
        while (answer := self.call(path, **query)).status_code == 200:
            told = answer.json()
            found += [UUID(row[key]) for row in told["results"]]
            if not told["next"]:
                return found
            query = dict(re.findall(r"(\w+)=([^&]+)", told["next"]))
        assert answer.status_code in NOT_SERVED
        return found

    def search(self, text: str, group: str) -> list[UUID]:
        answer = self.page("search/", q=text)
        if answer.status_code != 200:
            assert answer.status_code in NOT_SERVED
            return []
        hits = {each.label: each.results for each in answer.context["groups"]}
        return [UUID(UUIDS.findall(hit.url)[0]) for hit in hits.get(group, ())]

    def suggestions(self, text: str) -> tuple[list[UUID], list[UUID]]:
        page, call = self.page("catalog/suggest/", q=text), self.call("resources/suggest", q=text)
        if page.status_code != 200:
            assert {page.status_code, call.status_code} <= NOT_SERVED
            return [], []
        return [row.pk for row in page.context["rows"]], [
            UUID(row["id"]) for row in call.json()["results"]
        ]

    def keys_in_export(self) -> list[str]:
        answer = self.page("catalog/export.csv")
        if answer.status_code != 200:
            assert answer.status_code in NOT_SERVED
            return []
        head, *rows = csv.reader(io.StringIO(answer.content.decode()))
        return [row[head.index("Key")] for row in rows]


@pytest.fixture(autouse=True)
def _short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """So that a few rows fill several pages."""
    cache.clear()
    monkeypatch.setitem(listing.resource_page.__kwdefaults__, "size", 5)
    monkeypatch.setattr(listing, "EXPORTED_AT_ONCE", 4)


# Dice that give the ordinary member a part of what there is; more of them where there is time.
@pytest.fixture(params=[1, *(pytest.param(n, marks=pytest.mark.thorough) for n in range(2, 9))])
def worlds(request: pytest.FixtureRequest, db: None) -> tuple[World, World]:
    dice = random.Random(request.param)  # noqa: S311
    world, other = make_world(dice, "acme"), make_world(dice, "globex", sources=1)
    with organization_scope(world.organization.pk):
        world.add_person("Owner", BuiltInRole.OWNER)
        world.add_person("Ordinary", teams=True)
        world.add_person("Alone")
        world.add_person("Auditor", BuiltInRole.AUDITOR, teams=True)
        world.add_person("Gone", teams=True)
    with organization_scope(other.organization.pk):
        other.add_person("Outsider", teams=True)
    return world, other


@pytest.mark.thorough
def test_every_way_in_shows_the_same_rows(worlds: tuple[World, World]) -> None:
    world, other = worlds
    people = {name: Person.of(member) for each in worlds for name, member in each.people.items()}
    suspend(people["Gone"].member)
    everything = [*world.resources, *other.resources]
    assert len(world.resources) >= len(world.integrations)

    for name, person in people.items():
        seen = seen_by(person.member.pk)
        check_resources(name, person, seen, everything)
        check_the_rest(name, person, seen)
    assert seen_by(people["Owner"].member.pk).resources == {row.pk for row in world.resources}
    assert seen_by(people["Gone"].member.pk) == Seen()


def suspend(member: Membership) -> None:
    with organization_scope(member.organization_id):
        member.contain(at=timezone.now())
        member.save()


def check_resources(name: str, person: Person, seen: Seen, everything: list[Resource]) -> None:
    wanted = sorted(
        (row for row in everything if row.pk in seen.resources),
        key=lambda row: (row.sort_key, row.pk),
    )
    ids = [row.pk for row in wanted]
    may_open = "catalog:view" in seen.held
    listed = ids if may_open else []
    assert person.pages("catalog/") == listed, name
    assert person.calls("resources") == listed, name
    assert person.keys_in_export() == [row.unique_key for row in wanted if may_open], name
    by_word = [found for word in words(everything) for found in person.search(word, "Catalogue")]
    assert sorted(by_word) == sorted(ids), name
    for each in zip(*(person.suggestions(word) for word in words(everything)), strict=True):
        assert sorted(found for part in each for found in part) == sorted(listed), name
    with_fields = {row.pk for row in wanted if row.field_count and may_open}
    assert set(person.calls("fields", "resource")) == with_fields, name
    outside = [row for row in everything if row.pk not in seen.resources]
    for row in [*wanted[:2], *(outside if may_open else outside[:2])]:
        check_look_up(person, row, seen)


def words(rows: list[Resource]) -> list[str]:
    return sorted({row.name.rsplit("_")[-1] for row in rows})


def check_look_up(person: Person, row: Resource, seen: Seen) -> None:
    """What is not one's own is as unknown as what never was."""
    page = person.page(f"catalog/{row.pk}/").status_code
    call = person.call(f"resources/{row.pk}").status_code
    if "catalog:view" in seen.held:
        wanted = 200 if row.pk in seen.resources else 404
        assert (page, call) == (wanted, wanted)
    else:
        assert {page, call} <= NOT_SERVED


def check_the_rest(name: str, person: Person, seen: Seen) -> None:
    """Integrations and teams: private ones are in no list, no search and no count."""
    sources = seen.integrations if "integration:view" in seen.held else frozenset()
    assert set(person.pages("integrations/")) == sources, name
    assert set(person.calls("integrations")) == sources, name
    assert set(person.search("source", "Integrations")) == sources, name
    listed = seen.teams if "team:view" in seen.held else frozenset()
    assert set(person.pages("teams/")) == listed, name
    assert set(person.calls("teams")) == listed, name
    assert set(person.search("team", "Teams")) == listed, name
