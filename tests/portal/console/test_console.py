"""The console: who opens what, envelopes and nothing more, and new organizations."""

from collections.abc import Callable
from dataclasses import fields
from datetime import datetime, timedelta

import pytest
from django.test import Client

from audit.models import Event
from portal.console.envelopes import Envelope, envelope_page, late_count
from portal.console.overview import customers
from portal.tickets.models import Step, Ticket
from tenants.access import Actor
from tenants.actions.tokens import issue_token
from tenants.models import Invitation, Membership, Organization
from tenants.scoping import organization_scope, system_scope

ClientOf = Callable[..., Client]
HERE = "/console/"
NEW = {
    "name": "Initech",
    "slug": "initech",
    "founder_name": "Peter Gibbons",
    "founder_email": "peter@initech.test",
    "security_contact": "security@initech.test",
}


@pytest.fixture
def ticket(organization: Organization, at: datetime) -> Ticket:
    made: Ticket = Ticket.objects.create(
        number="REV-1001",
        kind="revocation",
        scope="member",
        status="contained",
        subject_kind="member",
        subject_id=organization.pk,
        subject_label="Erin Secret",
        reason="private words",
        requester_name="Ada Okafor",
        filed_at=at,
        received_at=at,
        contained_at=at,
        due_at=at + timedelta(hours=24),
        wake_at=at,
    )
    Step.objects.create(ticket=made, position=1, name="credentials", error_code="E-7")
    return made


class TestPages:
    @pytest.mark.parametrize(
        ("who", "opens"),
        [
            ("sam", {"", "queue/", "cases/", "cases/new/", "grants/"}),
            ("lea", {"", "queue/", "cases/", "cases/new/", "grants/"}),
            ("opal", {"", "queue/", "organizations/", "organizations/new/"}),
        ],
    )
    def test_open_by_role(
        self,
        organization: Organization,
        who: str,
        opens: set[str],
        request: pytest.FixtureRequest,
        client_of: ClientOf,
    ) -> None:
        client = client_of(request.getfixturevalue(who))
        pages = {
            "",
            "queue/",
            "cases/",
            "cases/new/",
            "grants/",
            "organizations/",
            "organizations/new/",
        }

        for page in pages:
            expected = 200 if page in opens else 403
            assert client.get(f"{HERE}{page}").status_code == expected, page

    def test_are_unknown_to_customers(
        self, vendor: Organization, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)

        for page in ("", "queue/", "grants/acme/DIA-51/", "organizations/new/"):
            assert client.get(f"{HERE}{page}").status_code == 404

    def test_of_what_does_not_exist_answer_alike(
        self, organization: Organization, sam: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(sam)

        for address in (
            "grants/acme/DIA-51/",
            "grants/nowhere/DIA-51/",
            "grants/meridian/DIA-51/",
            "cases/acme/CASE-999/",
            "grants/acme/DIA-51/resources/",
        ):
            assert client.get(f"{HERE}{address}").status_code == 404, address


class TestEnvelope:
    def test_has_these_fields_and_no_other(self) -> None:
        assert [field.name for field in fields(Envelope)] == [
            "organization",
            "number",
            "kind",
            "state",
            "step",
            "received_at",
            "due_at",
            "is_paused",
            "error_code",
            "assignee",
        ]

    def test_tells_nothing_of_the_content(
        self, ticket: Ticket, sam: Membership, client_of: ClientOf
    ) -> None:
        shown = client_of(sam).get(f"{HERE}queue/").content.decode()

        assert "REV-1001" in shown
        assert "Acme Health" in shown
        assert "E-7" in shown
        for secret in ("Erin Secret", "private words", "Ada Okafor"):
            assert secret not in shown

    def test_names_a_step_by_its_plan_and_a_wait_is_no_error(self, ticket: Ticket) -> None:
        Step.objects.filter(ticket=ticket).update(
            name="downstream:01a2", title="Downstream: Private CRM", error_code="not-acknowledged"
        )
        [row] = envelope_page().rows
        assert (row.step, row.error_code) == ("Tell the downstream systems", "")

    def test_is_the_same_by_api(
        self,
        ticket: Ticket,
        sam: Membership,
        ned: Membership,
        actor_of: Callable[..., Actor],
        client: Client,
        at: datetime,
    ) -> None:
        answers = {}
        for member in (sam, ned):
            with organization_scope(member.organization_id):
                actor = actor_of(member)
                _token, text = issue_token(
                    actor=actor,
                    at=at,
                    name="t",
                    scopes=sorted(actor.permissions),
                    lasts=timedelta(days=1),
                )
            answers[member.pk] = client.get(
                "/api/v1/support/queue", headers={"authorization": f"Bearer {text}"}
            )

        assert answers[ned.pk].status_code == 404
        (row,) = answers[sam.pk].json()["results"]
        assert set(row) == {field.name for field in fields(Envelope)}


class TestNewOrganization:
    def test_keeps_a_place_for_its_owner(
        self, organization: Organization, opal: Membership, client_of: ClientOf
    ) -> None:
        answer = client_of(opal).post(f"{HERE}organizations/new/", NEW)

        assert answer.status_code == 302
        with system_scope("test"):
            made = Organization.objects.get(slug="initech")
        with organization_scope(made.pk):
            assert Invitation.objects.get().email == "peter@initech.test"
            assert Event.objects.filter(
                organization_id=made.pk, name="organization.created"
            ).exists()

    @pytest.mark.parametrize(
        "wrong",
        [
            {"slug": "acme"},
            {"slug": "console"},
            {"slug": "Not Allowed!"},
            {"slug": "a"},
            {"founder_email": "nobody"},
            {"security_contact": "x@"},
            {"name": " "},
        ],
    )
    def test_is_refused_with_words_beside_the_field(
        self,
        organization: Organization,
        opal: Membership,
        client_of: ClientOf,
        wrong: dict[str, str],
    ) -> None:
        answer = client_of(opal).post(f"{HERE}organizations/new/", {**NEW, **wrong})

        assert answer.status_code == 422
        assert 'class="error"' in answer.content.decode()
        with system_scope("test"):
            assert not Organization.objects.filter(name="Initech").exists()

    def test_is_refused_to_others(
        self, vendor: Organization, sam: Membership, client_of: ClientOf
    ) -> None:
        assert client_of(sam).post(f"{HERE}organizations/new/", NEW).status_code == 403


def test_a_request_that_waits_for_its_customer_is_not_late(ticket: Ticket, at: datetime) -> None:
    past = at + timedelta(hours=30)
    assert [row.late_requests for row in customers(past)] == [1]
    assert late_count(past) == 1
    Ticket.objects.update(kind="deletion", status="awaiting_second")
    assert [row.late_requests for row in customers(past)] == [0]
    assert [row.open_requests for row in customers(past)] == [1]
    assert late_count(past) == 0
