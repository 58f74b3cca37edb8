"""Requests on the command line: the same rows, the same rules, and a look before anything."""

import io
import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.tickets.models import Ticket
from tenants.access import Actor, system_actor
from tenants.actions.service_accounts import create_service_account
from tenants.actions.teams import add_team_member, create_team
from tenants.actions.tokens import issue_token
from tenants.clock import now
from tenants.models import Membership
from tests.portal.tickets.test_list import make_ticket

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def told(*arguments: str, organization: str = "acme") -> list[dict[str, Any]]:
    out = io.StringIO()
    call_command("requests", *arguments, "--organization", organization, "--json", stdout=out)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def refused(*arguments: str, organization: str = "acme") -> tuple[int, str]:
    with pytest.raises(CommandError) as error:
        told(*arguments, organization=organization)
    return error.value.returncode, str(error.value)


def test_lists_what_the_page_lists_and_shows_one(
    ada: Membership, mia: Membership, at: datetime
) -> None:
    make_ticket("REV-1", left=DAY, at=at, subject_id=mia.pk)
    make_ticket("REV-2", left=-DAY, at=at)
    assert [row["number"] for row in told("list")] == ["REV-2", "REV-1"]
    assert [row["number"] for row in told("list", "--view", "late_open")] == ["REV-2"]
    assert [row["number"] for row in told("list", "--person", "mia@")] == ["REV-1"]
    assert told("list", "--search", "nothing") == []
    [shown] = told("show", "rev-2")
    assert (shown["is_late"], shown["steps"]) == (True, [])
    out = io.StringIO()
    call_command("requests", "list", "--organization", "acme", stdout=out)
    assert "REV-2: Revoke access: Leaver REV-2, In progress, late" in out.getvalue()


def test_a_revocation_is_looked_at_then_filed_then_planned_ones_are_taken_back(
    ada: Membership, mia: Membership, max_: Membership, at: datetime
) -> None:
    [looked] = told("revoke", "mia@acme.test", "--dry-run")
    assert (looked["done"], looked["number"], looked["status"]) == (False, "", "contained")
    assert not Ticket.objects.exists()
    mia.refresh_from_db()
    assert mia.status == Membership.Status.ACTIVE

    [filed] = told("revoke", "mia@acme.test", "--reason", "left")
    assert (filed["done"], filed["number"], filed["reason"]) == (True, "REV-1001", "left")
    assert Ticket.objects.get().source == "command"
    when = (at + 5 * DAY).isoformat()
    [planned] = told("revoke", str(max_.pk), "--at", when)
    assert planned["status"] == "scheduled"
    assert told("withdraw", planned["number"], "--dry-run")[0]["status"] == "withdrawn"
    assert Ticket.objects.get(number=planned["number"]).status == "scheduled"
    assert told("withdraw", planned["number"])[0]["status"] == "withdrawn"
    assert refused("withdraw", filed["number"])[0] == 1


def test_a_deletion_is_confirmed_by_its_name_and_withdrawn(ada: Membership) -> None:
    code, said = refused("delete", "all_metadata", "--confirm", "Acme")
    assert (code, "Type “Acme Health” to confirm." in said) == (2, True)
    assert not told("delete", "all_metadata", "--confirm", "Acme Health", "--dry-run")[0]["done"]
    assert not Ticket.objects.exists()
    [filed] = told("delete", "all_metadata", "--confirm", "Acme Health")
    assert filed["status"] == "cooling_off"
    assert told("withdraw", filed["number"])[0]["status"] == "withdrawn"
    assert refused("withdraw", filed["number"])[0] == 1
    assert refused("retry", filed["number"])[0] == 1


def test_a_whole_team_is_looked_at_then_revoked(ada: Membership, mia: Membership) -> None:
    team = create_team(actor=system_actor(ada.organization), at=now(), name="Loaders")
    add_team_member(team, actor=system_actor(ada.organization), membership=mia)
    [looked] = told("revoke-team", "Loaders", "--dry-run")
    assert (looked["done"], looked["scope"], Ticket.objects.count()) == (False, "team", 0)
    [filed] = told("revoke-team", str(team.pk), "--reason", "sold")
    assert (filed["number"], filed["status"]) == ("REV-1001", "contained")
    [shown] = told("show", "REV-1001")
    assert [each["request"] for each in shown["people"]] == ["REV-1002"]
    mia.refresh_from_db()
    assert mia.status == Membership.Status.SUSPENDED
    assert refused("revoke-team", "Nobodies")[0] == 2


def test_a_service_account_is_stopped_and_gets_its_access_back(
    ada: Membership, actor_of: Callable[..., Actor], at: datetime
) -> None:
    account = create_service_account(actor=actor_of(ada), at=at, name="Nightly", role="editor")
    [filed] = told("revoke-service-account", "Nightly", "--reason", "replaced")
    assert (filed["scope"], filed["status"]) == ("service_account", "contained")
    assert told("reverse", filed["number"], "--dry-run")[0]["status"] == "reversed"
    account.refresh_from_db()
    assert not account.is_active(at=now())
    assert told("reverse", filed["number"])[0]["status"] == "reversed"
    account.refresh_from_db()
    assert account.is_active(at=now())
    assert refused("reverse", filed["number"])[0] == 1
    assert refused("revoke-service-account", "Daily")[0] == 2


def test_what_is_not_usable_says_what_to_do(ada: Membership, ned: Membership) -> None:
    assert refused("list", organization="nowhere")[0] == 2
    assert refused("show", "REV-9")[0] == 2
    assert refused("revoke", "ned@globex.test")[0] == 2
    assert refused("revoke", "ada@acme.test", "--at", "tomorrow")[0] == 2
    assert refused("revoke", "ada@acme.test", "--at", "2040-01-01T10:00")[0] == 2
    assert refused("list", "--from", "x")[0] == 2
    assert refused("list", "--source", "x")[0] == 2
    assert refused("delete", "integration", "--integration", "x", "--confirm", "y")[0] == 2
    assert refused("revoke", "ada@acme.test")[0] == 1  # the last owner
    assert not Ticket.objects.exists()


def test_with_a_token_it_acts_as_its_holder(
    ada: Membership, mia: Membership, actor_of: Callable[..., Actor],
    client_of: Callable[..., Client], at: datetime, tmp_path: Path,
) -> None:  # fmt: skip
    client_of(ada, stepped_up=False)
    _row, text = issue_token(
        actor=actor_of(ada), at=at, name="t", scopes=["ticket:view"], lasts=DAY
    )
    path = tmp_path / "token"
    path.write_text(text)
    assert told("list", "--token-file", str(path)) == []
    assert refused("revoke", "mia@acme.test", "--token-file", str(path))[0] == 1
    assert not Ticket.objects.exists()
