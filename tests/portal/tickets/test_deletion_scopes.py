"""Filing the deletions of a person, of a kind of data and of the workspace: who may, and when."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from django.test import Client

from audit.models import Event
from audit.refusals import Invalid, NotPermitted
from portal.tickets import stores
from portal.tickets.actions import (
    confirm_deletion,
    file_deletion,
    file_revocation,
    withdraw_deletion,
)
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import CLASS_SUBJECTS, Kind, Scope, Status
from portal.tickets.subjects import Wish
from tenants.access import Actor
from tenants.inventory import ERASABLE_ALONE, DataClass, class_of
from tenants.models import Membership, Policy, ServiceAccount
from tenants.scoping import organization_scope
from tests.cast import make_machine, make_member

pytestmark = pytest.mark.django_db

ActorOf = Callable[..., Actor]


def file(wish: Wish, actor: Actor, at: datetime, **more: Any) -> Ticket:
    words = {"confirmation": actor.organization.name, "reason": "over", **more}
    return file_deletion(wish, actor=actor, at=at, **words)


def person(member: Membership) -> Wish:
    return Wish(Scope.PERSON, member_id=member.pk)


class TestPerson:
    def test_a_member_keeps_their_data_while_they_have_access(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(Invalid) as refused:
            file(person(mia), actor_of(ada), at, confirmation=mia.name)
        assert "Revoke the access of Mia Castellan first" in str(refused.value.errors["revoke"])
        assert not Ticket.objects.exists()

    def test_both_are_filed_in_one_step(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        ticket = file(person(mia), actor_of(ada), at, confirmation=mia.name, revoke=True)
        mia.refresh_from_db()
        assert not mia.is_active(at=at)
        assert Ticket.objects.get(kind=Kind.REVOCATION).subject_id == mia.pk
        assert (ticket.subject_kind, ticket.subject_id) == ("member", mia.pk)
        assert Step.objects.filter(ticket=ticket).order_by("position").first().name == "access"

    def test_somebody_whose_revocation_is_at_work_needs_no_second_one(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        file_revocation(mia, actor=actor_of(ada), at=at)
        file(person(mia), actor_of(ada), at, confirmation=mia.name)
        assert Ticket.objects.filter(kind=Kind.REVOCATION).count() == 1

    def test_withdrawing_does_not_bring_the_access_back(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        ticket = file(person(mia), actor_of(ada), at, confirmation=mia.name, revoke=True)
        withdraw_deletion(ticket, actor=actor_of(ada), at=at)
        mia.refresh_from_db()
        assert not mia.is_active(at=at)

    def test_nobody_deletes_themselves_or_somebody_higher(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted, match="your own data"):
            file(person(ada), actor_of(ada), at, confirmation=ada.name, revoke=True)
        with pytest.raises(NotPermitted, match="Only an owner"):
            file(person(ada), actor_of(max_), at, confirmation=ada.name, revoke=True)

    def test_a_stranger_and_somebody_of_another_workspace_look_alike(
        self, ada: Membership, ned: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        for wish in (person(ned), Wish(Scope.PERSON)):
            with pytest.raises(Invalid) as refused:
                file(wish, actor_of(ada), at, confirmation=ned.name)
            assert refused.value.errors == {"member": ["There is no such member."]}

    def test_their_programs_are_handed_over_first(
        self, ada: Membership, mia: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        make_machine(mia, role="viewer", name="Nightly import")
        with pytest.raises(Invalid) as refused:
            file(person(mia), actor_of(ada), at, confirmation=mia.name, revoke=True)
        assert "Nightly import" in str(refused.value.errors["member"])
        ServiceAccount.objects.update(deleted_at=at)
        file(person(mia), actor_of(ada), at, confirmation=mia.name, revoke=True)


class TestDataClass:
    @pytest.mark.parametrize("wanted", ["", "catalog", "people", "requests", "nothing"])
    def test_only_what_may_go_alone(
        self, wanted: str, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(Invalid):
            file(Wish(Scope.DATA_CLASS, data_class=wanted), actor_of(ada), at)

    def test_two_kinds_are_two_requests_and_one_kind_is_one(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        actor = actor_of(ada)
        for _time in range(2):
            for kind, label in (
                ("metrics", "Metrics and results of checks"),
                ("uploads", "Uploaded files"),
            ):
                wish = Wish(Scope.DATA_CLASS, data_class=kind)
                file(wish, actor, at, confirmation=label)
        assert Ticket.objects.count() == 2

    def test_nothing_that_may_go_alone_takes_the_catalogue_or_evidence_with_it(self) -> None:
        allowed = set(ERASABLE_ALONE)
        for one in CLASS_SUBJECTS.values():
            taken = {class_of(model) for model in stores.with_dependents({one})}
            assert taken <= allowed


class TestClose:
    def test_an_admin_may_not(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        with pytest.raises(NotPermitted, match="Close the organization"):
            file(Wish(Scope.CLOSE), actor_of(max_), at)
        assert not Ticket.objects.exists()

    def test_it_needs_a_reason_and_the_name(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        for wrong, field in (({"reason": " "}, "reason"), ({"confirmation": "x"}, "confirmation")):
            with pytest.raises(Invalid) as refused:
                file(Wish(Scope.CLOSE), actor_of(ada), at, **wrong)
            assert list(refused.value.errors) == [field]

    def test_a_deletion_of_all_metadata_is_another_request(
        self, ada: Membership, actor_of: ActorOf, at: datetime
    ) -> None:
        """The symptom: closing answered with the deletion that was open already."""
        everything = file(Wish(Scope.ALL_METADATA), actor_of(ada), at)
        closing = file(Wish(Scope.CLOSE), actor_of(ada), at)
        assert everything.pk != closing.pk
        assert file(Wish(Scope.CLOSE), actor_of(ada), at).pk == closing.pk

    def test_the_second_person_is_an_owner_too(
        self,
        ada: Membership,
        max_: Membership,
        actor_of: ActorOf,
        at: datetime,
    ) -> None:
        Policy.objects.update(second_person_for_deletion=True)
        ticket = file(Wish(Scope.CLOSE), actor_of(ada), at)
        with pytest.raises(NotPermitted, match="Close the organization"):
            confirm_deletion(ticket, actor=actor_of(max_), at=at)
        other = make_member(ada.organization, "Ole Strand", "owner")
        assert confirm_deletion(ticket, actor=actor_of(other), at=at).status == Status.COOLING_OFF

    def test_the_vendor_stays(self, opal: Membership, actor_of: ActorOf, at: datetime) -> None:
        with organization_scope(opal.organization_id), pytest.raises(NotPermitted):
            file(Wish(Scope.CLOSE), actor_of(opal), at)
        assert not Event.objects.filter(name="ticket.opened").exists()


def test_every_row_that_belongs_to_a_person_says_so() -> None:
    """A table that needs a member, and no rule for it, would block the deletion of one."""
    known = {"tenants.ServiceAccount"}  # handed over, never erased with their owner
    personal = {store.model for store in stores.stores_of(Scope.PERSON)}
    assert all(class_of(model) in set(DataClass) for model in personal)
    missing = {
        model._meta.label
        for model in stores.with_dependents(set(DataClass))
        for field in model._meta.concrete_fields
        if field.related_model in personal and not field.null and model not in personal
    }
    assert missing <= known


def test_the_pages_of_a_person_and_of_the_policies_lead_to_their_scopes(
    ada: Membership, aud: Membership, mia: Membership, client_of: Callable[..., Client]
) -> None:
    browser, auditor = client_of(ada), client_of(aud)
    person = f"/o/acme/requests/delete/?target=member:{mia.pk}"
    closing = "/o/acme/requests/delete/?target=close"
    for page, link in ((f"/o/acme/members/{mia.pk}/", person), ("/o/acme/settings/", closing)):
        assert link in browser.get(page).text
        assert "requests/delete" not in auditor.get(page).text
        assert "Type the name to confirm" in browser.get(link).text
