"""The pages of claim mappings: previewed, saved, tried, and held to who may do it."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from portal.sso.models import ClaimMapping, ClaimRule, SeenClaims
from tenants.access import system_actor
from tenants.actions.teams import create_team
from tenants.models import Membership, Organization
from tests.portal.sso.conftest import Idp
from tests.portal.sso.mapping import map_roles, map_teams

pytestmark = pytest.mark.django_db


def _seen(idp: Idp, member: Membership, groups: list[str]) -> None:
    SeenClaims.objects.remember(
        idp.connection, member, {"groups": sorted(groups)}, at=timezone.now()
    )


def _form(idp: Idp, *rules: tuple[str, str], do: str = "preview", **more: Any) -> dict[str, Any]:
    rows = {f"rule-{n}-value": value for n, (value, _choice) in enumerate(rules)}
    rows |= {f"rule-{n}-choice": choice for n, (_value, choice) in enumerate(rules)}
    return {
        "claim": "groups",
        "mode": "authoritative",
        "version": 0,
        "rule-TOTAL_FORMS": len(rules) + 1,
        "rule-INITIAL_FORMS": 0,
        "do": do,
        **rows,
        **more,
    }


def _page(idp: Idp, target: str = "") -> str:
    rest = f"{target}/" if target else ""
    return f"/o/acme/sso/{idp.connection.pk}/mapping/{rest}"


def test_an_admin_previews_then_saves_then_sees_the_mapping(
    acme_idp: Idp, ada: Membership, mia: Membership, client_of: Callable[..., Client]
) -> None:
    _seen(acme_idp, mia, ["Admins"])
    client = client_of(ada)

    shown = client.post(_page(acme_idp, "role"), _form(acme_idp, ("Admins", "admin")))
    assert shown.status_code == 200
    assert "Mia Castellan" in shown.content.decode()
    assert not ClaimMapping.objects.exists()

    saved = client.post(_page(acme_idp, "role"), _form(acme_idp, ("Admins", "admin"), do="save"))
    assert saved["Location"] == _page(acme_idp)
    assert ClaimRule.objects.get().value == "Admins"
    text = client.get(_page(acme_idp)).content.decode()
    assert "Admins" in text

    tried = client.post(_page(acme_idp), {"claim-0": "Admins\nOthers"}).content.decode()
    assert "Others" in tried


@pytest.mark.parametrize(
    "wrong",
    [
        {"rule-TOTAL_FORMS": "many"},
        {"rule-TOTAL_FORMS": "99999"},
        {"rule-0-choice": "owner"},
        {"rule-0-choice": ""},
        {"rule-0-value": "x" * 301},
        {"rule-0-value": "a\x00b"},
        {"claim": ""},
        {"mode": "maybe"},
        {"version": "-1"},
    ],
)
def test_a_form_that_does_not_hold_is_shown_again(
    acme_idp: Idp, ada: Membership, client_of: Callable[..., Client], wrong: dict[str, str]
) -> None:
    client = client_of(ada)
    for do in ("preview", "save"):
        posted = _form(acme_idp, ("Admins", "admin"), do=do, **wrong)
        assert client.post(_page(acme_idp, "role"), posted).status_code == 422
    assert not ClaimMapping.objects.exists()


def test_more_rows_and_a_suggested_value_lose_nothing(
    acme_idp: Idp, ada: Membership, client_of: Callable[..., Client]
) -> None:
    client = client_of(ada)

    more = client.post(_page(acme_idp, "role"), _form(acme_idp, ("Admins", "admin"), do="more"))
    assert more.content.decode().count('name="rule-') > 20
    assert 'value="Admins"' in more.content.decode()
    suggested = client.get(_page(acme_idp, "role") + "?value=Berlin").content.decode()
    assert 'value="Berlin"' in suggested


def test_another_organizations_connection_and_an_unknown_target_are_not_found(
    acme_idp: Idp, globex_idp: Idp, ada: Membership, client_of: Callable[..., Client]
) -> None:
    client = client_of(ada)
    for where in (_page(globex_idp), _page(globex_idp, "role"), _page(acme_idp, "colour")):
        assert client.get(where).status_code == 404


def test_who_may_only_look_changes_nothing(
    acme_idp: Idp, aud: Membership, client_of: Callable[..., Client]
) -> None:
    map_roles(acme_idp, Admins="admin")
    client = client_of(aud)

    assert client.get(_page(acme_idp)).status_code == 200
    assert client.post(_page(acme_idp, "role"), _form(acme_idp, do="remove")).status_code == 403
    assert ClaimMapping.objects.exists()


def test_removing_asks_for_the_version_looked_at(
    acme_idp: Idp, ada: Membership, client_of: Callable[..., Client]
) -> None:
    map_roles(acme_idp, Admins="admin")
    client = client_of(ada)

    client.post(_page(acme_idp, "role"), {"do": "remove", "version": "7"})
    assert ClaimMapping.objects.exists()
    client.post(_page(acme_idp, "role"), {"do": "remove", "version": "1"})
    assert not ClaimMapping.objects.exists()


def test_a_team_that_is_deleted_takes_its_rules_along(
    acme_idp: Idp, organization: Organization
) -> None:
    team = create_team(actor=system_actor(organization), at=timezone.now(), name="Finance")
    map_teams(acme_idp, fin=team)

    team.delete()

    assert not ClaimRule.objects.exists()
    assert isinstance(ClaimMapping.objects.get().pk, UUID)


def test_the_overview_costs_the_same_for_one_rule_and_for_many(
    acme_idp: Idp, ada: Membership, mia: Membership, client_of: Callable[..., Client]
) -> None:
    client = client_of(ada)
    client.get(_page(acme_idp))

    def queries() -> int:
        with CaptureQueriesContext(database) as seen:
            client.get(_page(acme_idp))
        return len(seen)

    map_roles(acme_idp, a="admin")
    few = queries()
    map_roles(acme_idp, version=1, **{f"v{n}": "editor" for n in range(30)})
    _seen(acme_idp, mia, [f"w{n}" for n in range(30)])
    assert queries() == few


def test_the_page_of_the_connection_leads_here(
    acme_idp: Idp, ada: Membership, client_of: Callable[..., Client]
) -> None:
    text = client_of(ada).get(f"/o/acme/sso/{acme_idp.connection.pk}/").content.decode()

    assert f'href="{_page(acme_idp)}"' in text
