"""Diagnostic access through the front: the customer's pages, the console, and both APIs."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import URLPattern, reverse

from audit.models import Event
from portal.catalog.models import Resource
from portal.grants.models import AccessRecord, Grant
from portal.urls import workspace
from tenants.access import Actor
from tenants.models import Membership
from tests.portal.grants.conftest import WHY

ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
HERE, CONSOLE, SUPPORT = "/o/acme/", "/console/", "/api/v1/support/"


def addresses(slug: str) -> list[str]:
    """Every address of a workspace, with made-up ids."""
    made = {"uuid": str(uuid4()), "int": "1", "slug": "x", "str": "DIA-51", "path": "x"}
    found = []
    for pattern in workspace:
        assert isinstance(pattern, URLPattern)
        values = {
            name: made.get(type(conv).__name__.removesuffix("Converter").lower(), "DIA-51")
            for name, conv in pattern.pattern.converters.items()
        }
        route = str(pattern.pattern)
        for value in values.values():
            start = route.index("<")
            end = route.index(">")
            route = route[:start] + value + route[end + 1 :]
        found.append(f"/o/{slug}/{route}")
    return found


class TestStaffInAWorkspace:
    @pytest.mark.parametrize("who", ["sam", "lea"])
    @pytest.mark.thorough
    def test_every_address_is_unknown_also_under_an_active_grant(
        self, active: Grant, who: str, request: pytest.FixtureRequest, client_of: ClientOf
    ) -> None:
        client = client_of(request.getfixturevalue(who))

        for address in addresses("acme"):
            assert client.get(address).status_code == 404, address
            assert client.post(address).status_code == 404, address

    def test_every_api_address_of_the_customer_is_empty_for_their_token(
        self, active: Grant, sam: Membership, bearer: Any, client: Client
    ) -> None:
        headers = bearer(sam)

        assert client.get(f"/api/v1/grants/{active.pk}", headers=headers).status_code == 404
        assert client.get(f"/api/v1/cases/{active.case_id}", headers=headers).status_code == 404
        assert client.get("/api/v1/grants", headers=headers).json()["results"] == []


class TestJourney:  # one story each, told from beginning to end
    def test_from_the_request_to_the_revocation_in_browsers(  # noqa: PLR0915
        self, case: Any, sam: Membership, lea: Membership, sia: Membership, client_of: ClientOf
    ) -> None:
        engineer, lead, customer = client_of(sam), client_of(lea), client_of(sia)
        integration = case.integrations.get().integration_id

        asked = engineer.post(
            f"{CONSOLE}cases/acme/CASE-101/request/",
            {
                "reason_code": "customer_support",
                "justification": WHY,
                "capabilities": ["status", "metadata"],
                "integrations": [str(integration)],
                "duration": str(7 * 86400),
            },
        )
        assert asked.status_code == 302, asked.content.decode()[:3000]
        here = f"{CONSOLE}grants/acme/DIA-51/"
        assert engineer.get(here).status_code == 200
        assert engineer.get(f"{here}resources/").status_code == 404

        assert lead.post(f"{here}endorse/", {"version": 1}).status_code == 302
        page = customer.get(f"{HERE}access/DIA-51/")
        assert page.status_code == 200
        assert WHY in page.content.decode()
        assert "Germany" in page.content.decode()
        assert engineer.get(f"{here}resources/").status_code == 404

        approved = customer.post(
            f"{HERE}access/DIA-51/approve/",
            {
                "version": 2,
                "capabilities": ["status", "metadata"],
                "integrations": [str(integration)],
                "duration": str(86400),
            },
        )
        assert approved.status_code == 302
        assert Grant.objects.get().status == "active"
        assert engineer.get(f"{here}resources/").status_code == 302  # no session yet
        # Both sides read what was approved, no longer what was asked for.
        for page in (engineer.get(here), customer.get(f"{HERE}access/DIA-51/")):
            assert ("1 day" in page.text, "7 days" in page.text) == (True, False)

        assert engineer.post(f"{here}session/").status_code == 302
        read = engineer.get(f"{here}resources/")
        assert read.status_code == 200
        assert "You are reading" in read.content.decode()
        one = Resource.objects.order_by("name")[0]
        shown = engineer.get(f"{here}resources/{one.pk}/")
        assert shown.status_code == 200
        assert "erin@acme.test" not in shown.content.decode()
        assert engineer.get(f"{here}resources/{uuid4()}/").status_code == 404
        assert engineer.get(f"{here}integrations/").status_code == 200

        live = customer.get(f"{HERE}access/DIA-51/live/")
        assert live.status_code == 200
        assert "shop.orders_0" in live.content.decode()
        same = customer.get(f"{HERE}access/DIA-51/live/", headers={"if-none-match": live["ETag"]})
        assert same.status_code == 304

        assert customer.post(f"{HERE}access/DIA-51/revoke/").status_code == 302
        for address in ("resources/", f"resources/{one.pk}/", "integrations/"):
            assert engineer.get(f"{here}{address}").status_code == 404
        assert AccessRecord.objects.count() == 3 + 1 + 1
        assert customer.get(f"{HERE}access/DIA-51/log/").status_code == 200

    def test_the_same_by_api_alone(  # noqa: PLR0915
        self,
        case: Any,
        sam: Membership,
        lea: Membership,
        sia: Membership,
        bearer: Any,
        client_of: ClientOf,
        client: Client,
    ) -> None:
        for member in (lea, sia):
            client_of(member)  # their step-up stands on an entry
        engineer, lead, customer = bearer(sam), bearer(lea), bearer(sia)
        body = {
            "organization": "acme",
            "case": "CASE-101",
            "reason_code": "customer_support",
            "justification": WHY,
            "capabilities": ["metadata", "status"],
            "integrations": [str(case.integrations.get().integration_id)],
            "duration_seconds": 86400,
        }

        made = client.post(f"{SUPPORT}grants", body, "application/json", headers=engineer)
        assert made.status_code == 201, made.content
        grant = made.json()["id"]
        assert client.get(f"{SUPPORT}grants/{grant}/resources", headers=engineer).status_code == 404

        def decide(address: str, who: dict[str, str], version: int | None) -> Any:
            headers = {**who, **({"if-match": f'"{version}"'} if version else {})}
            return client.post(address, {}, "application/json", headers=headers)

        assert decide(f"{SUPPORT}grants/{grant}/endorse", lead, 1).status_code == 200
        mine = f"/api/v1/grants/{grant}"
        assert decide(f"{mine}/approve", customer, None).status_code == 428
        assert decide(f"{mine}/approve", customer, 1).status_code == 412
        assert decide(f"{mine}/approve", customer, 2).status_code == 200
        assert decide(f"{mine}/approve", customer, 3).status_code == 409

        listed = client.get(f"{SUPPORT}grants/{grant}/resources?size=2", headers=engineer)
        assert listed.status_code == 200, listed.content
        ids = [row["id"] for row in listed.json()["results"]]
        rest = client.get(listed.json()["next"], headers=engineer).json()
        ids += [row["id"] for row in rest["results"]]
        assert rest["next"] is None
        records = client.get(f"{mine}/records", headers=customer).json()["results"]
        assert sorted(row["object_id"] for row in records) == sorted(ids)
        one = client.get(f"{SUPPORT}grants/{grant}/resources/{ids[0]}", headers=engineer)
        assert one.json()["columns"][0]["name"] == "id"
        assert (
            client.get(f"{SUPPORT}grants/{grant}/integrations", headers=engineer).status_code == 200
        )

        # The way out is not held up by what changed meanwhile.
        assert decide(f"{mine}/revoke", customer, None).status_code == 200
        for address in ("resources", f"resources/{ids[0]}", "integrations"):
            assert (
                client.get(f"{SUPPORT}grants/{grant}/{address}", headers=engineer).status_code
                == 404
            )
        assert Event.objects.filter(name="grant.revoked", reference="DIA-51").exists()

    def test_open_access_is_given_no_later_start(
        self, client: Client, active: Grant, sia: Membership, bearer: Callable[..., dict[str, str]]
    ) -> None:
        headers = {**bearer(sia), "if-match": f'"{active.version}"'}
        later = {"starts_at": "2027-01-01T00:00:00Z", "duration_seconds": 3600}

        answer = client.post(
            f"/api/v1/grants/{active.pk}/narrow", later, "application/json", headers=headers
        )

        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "#/starts_at"


class TestPages:
    @pytest.mark.parametrize(
        ("who", "status"), [("ada", 200), ("max_", 200), ("sia", 200), ("aud", 200), ("mia", 403)]
    )
    def test_of_the_customer_open_by_role(
        self,
        active: Grant,
        who: str,
        status: int,
        request: pytest.FixtureRequest,
        client_of: ClientOf,
    ) -> None:
        client = client_of(request.getfixturevalue(who))

        for address in ("cases/", "cases/CASE-101/", "access/", "access/DIA-51/"):
            assert client.get(f"{HERE}{address}").status_code == status, address

    def test_of_other_organizations_are_unknown(
        self, active: Grant, ned: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ned)

        assert client.get("/o/globex/access/DIA-51/").status_code == 404
        assert client.get(f"{HERE}access/DIA-51/").status_code == 404

    @pytest.mark.parametrize("reference", ["DIA-", "DIA-x", "dia-51", "CASE-51", "DIA-99999999999"])
    def test_with_no_number_are_unknown(
        self, active: Grant, sia: Membership, client_of: ClientOf, reference: str
    ) -> None:
        assert client_of(sia).get(f"{HERE}access/{reference}/").status_code == 404

    def test_get_help_opens_a_case(
        self, integration: Any, sia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(sia)
        form = client.get(f"{HERE}cases/new/?integration={integration.pk}")
        assert "checked" in form.content.decode()

        made = client.post(
            f"{HERE}cases/new/", {"title": "Broken", "integrations": [str(integration.pk)]}
        )

        assert made.status_code == 302
        assert client.get(made["Location"]).status_code == 200
        assert client.post(f"{HERE}cases/new/", {"title": ""}).status_code == 422

    def test_approving_without_step_up_leads_there(
        self, pending: Grant, sia: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(sia, stepped_up=False)

        answer = client.post(
            f"{HERE}access/DIA-51/approve/",
            {
                "version": 2,
                "capabilities": ["status"],
                "integrations": [str(pending.scope.get().object_id)],
                "duration": "86400",
            },
        )

        assert reverse("step-up", args=["acme"]) in answer["Location"]
        pending.refresh_from_db()
        assert pending.status == "pending_customer"
