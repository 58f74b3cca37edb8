"""Fifty at once have the effect of one: revocations of one member, and a second person's yes."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime
from functools import partial

import pytest

from audit.models import Event
from audit.refusals import Refusal
from portal.tickets.actions import confirm_deletion, file_deletion, file_revocation
from portal.tickets.models import Step, Ticket
from portal.tickets.models.ticket import IllegalMove
from portal.tickets.rules import Scope, Status
from tenants.access import Actor
from tenants.models import Membership, Policy
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization
from tests.racing import race

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.thorough]
ActorOf = Callable[..., Actor]
PARALLEL = 50


def told() -> Counter[str]:
    return Counter(Event.objects.values_list("name", flat=True))


def failures(results: list[object]) -> list[object]:
    return [r for r in results if isinstance(r, Exception) and not isinstance(r, Refusal)]


def test_fifty_revocations_of_one_member_are_one_request(actor_of: ActorOf, at: datetime) -> None:
    organization = make_organization("acme")
    filers = [make_member(organization, f"{n} Osei", BuiltInRole.OWNER) for n in ("Ada", "Bea")]
    mia = make_member(organization, "Mia Castellan", BuiltInRole.VIEWER)
    attempts = [partial(file_revocation, mia, actor=actor_of(one), at=at) for one in filers]
    results = race((attempts * PARALLEL)[:PARALLEL], organization_id=organization.pk)
    assert failures(results) == []
    with organization_scope(organization.pk):
        [ticket] = Ticket.objects.all()
        assert {getattr(result, "pk", None) for result in results} == {ticket.pk}
        names = Step.objects.filter(ticket=ticket).values_list("name", flat=True)
        assert len(names) == len(set(names))
        assert Membership.objects.get(pk=mia.pk).contained_at == at
        once = told()
        assert (once["ticket.opened"], once["member.contained"]) == (1, 1)
        assert once["ticket.attached"] == PARALLEL - 1


def test_fifty_second_persons_confirm_once(actor_of: ActorOf, at: datetime) -> None:
    organization = make_organization("acme")
    ada, bea, cem = (
        make_member(organization, f"{name} Osei", BuiltInRole.OWNER)
        for name in ("Ada", "Bea", "Cem")
    )
    with organization_scope(organization.pk):
        Policy.objects.update(second_person_for_deletion=True)
        ticket = file_deletion(
            Scope.ALL_METADATA, actor=actor_of(ada), at=at, confirmation=organization.name
        )
    # Whoever asked is among them and is refused each time.
    attempts = [
        partial(confirm_deletion, ticket, actor=actor_of(o), at=at) for o in (ada, bea, cem)
    ]
    results = race((attempts * PARALLEL)[:PARALLEL], organization_id=organization.pk)
    assert failures(results) == []
    assert sum(isinstance(result, Ticket) for result in results) == 1
    assert sum(isinstance(result, IllegalMove) for result in results) == 32
    with organization_scope(organization.pk):
        ticket.refresh_from_db()
        assert (ticket.status, ticket.version) == (Status.COOLING_OFF, 2)
        assert ticket.confirmer_id in {bea.pk, cem.pk}
        assert told()["ticket.confirmed"] == 1
