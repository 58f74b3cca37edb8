"""Break-glass codes end with the ownership, are issued by the vendor, and open once."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from audit.refusals import NotPermitted
from portal.queue.sweeping import SWEEPS
from portal.sso.actions.emergency import (
    DoorNotSealed,
    NotAnOwner,
    issue_code,
    nominate_owner,
    open_door,
    withdraw_door,
)
from portal.sso.codes import digest_of
from portal.sso.models import SealedDoor
from tenants.access import Actor, system_actor
from tenants.actions.members import contain_member
from tenants.actions.roles import change_role
from tenants.models import Entry, Membership, Organization
from tenants.resolving import actor_for_member
from tenants.scoping import organization_scope
from tests.cast import FACTS
from tests.portal.sso.emergencies import HERE, knock, opened, recovery_codes_of, seal
from tests.racing import race

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]


class TestEnding:
    @pytest.mark.parametrize("how", ["role", "contain"])
    def test_an_ended_ownership_voids_the_code_for_good(
        self,
        how: str,
        sealed: tuple[SealedDoor, str],
        ada: Membership,
        olga: Membership,
        actor_of: ActorOf,
        at: Any,
    ) -> None:
        door, digest = sealed
        owner = actor_of(olga)
        if how == "role":
            change_role(ada, actor=owner, at=at, role="admin")
            change_role(ada, actor=owner, at=at, role="owner")
        else:
            contain_member(ada, actor=owner, at=at)

        with pytest.raises(DoorNotSealed):
            opened(door, digest)
        door.refresh_from_db()
        assert (door.status, door.digest) == (SealedDoor.Status.VOID, "")

    def test_does_not_wait_for_a_worker(
        self, sealed: tuple[SealedDoor, str], ada: Membership, at: Any
    ) -> None:
        """Access that ends at an instant: decided when the code is used, written down later."""
        door, digest = sealed
        Membership.objects.filter(pk=ada.pk).update(access_ends_at=at - timedelta(seconds=1))

        with pytest.raises(DoorNotSealed):
            opened(door, digest)
        SWEEPS["sso.void_doors"].run(timezone.now())
        assert SealedDoor.objects.get().status == SealedDoor.Status.VOID
        assert Event.objects.filter(name=EventName.BREAK_GLASS_VOIDED).count() == 1

    def test_a_session_ends_with_the_ownership(
        self,
        ada: Membership,
        olga: Membership,
        client_of: ClientOf,
        client: Client,
        actor_of: ActorOf,
    ) -> None:
        owner = client_of(ada)
        code = seal(owner, owner, ada)
        knock(client, ada, code, factor=recovery_codes_of(ada)[0])
        assert client.get(HERE).status_code == 200

        change_role(ada, actor=actor_of(olga), at=timezone.now(), role="admin")

        assert client.get(HERE).status_code == 302

    def test_withdrawn(
        self, sealed: tuple[SealedDoor, str], ada: Membership, actor_of: ActorOf, at: Any
    ) -> None:
        door, digest = sealed

        withdraw_door(door, actor=actor_of(ada), at=at)

        with pytest.raises(DoorNotSealed):
            opened(door, digest)
        nominate_owner(ada, actor=actor_of(ada), at=at)

    def test_nobody_reaches_into_another_organization(
        self, sealed: tuple[SealedDoor, str], ned: Membership, client_of: ClientOf
    ) -> None:
        door, digest = sealed
        stranger = client_of(ned)

        for verb in ("code", "withdraw"):
            theirs = stranger.post(f"/o/globex/sso/break-glass/{door.pk}/{verb}/")
            assert theirs.status_code == 404
        with organization_scope(ned.organization_id), pytest.raises(DoorNotSealed):
            open_door(
                door,
                actor=actor_for_member(ned, facts=FACTS),
                at=timezone.now(),
                digest=digest,
                session_key="k",
            )


class TestIssuing:
    def test_opens_once_within_a_day_and_stands_in_both_logs(
        self, ada: Membership, vendor: Organization, organization: Organization, at: Any
    ) -> None:
        door, code = issue_code(ada, actor=system_actor(organization), at=at)

        with pytest.raises(DoorNotSealed):
            opened(door, digest_of(code), at=at + timedelta(hours=24))
        assert opened(door, digest_of(code), at=at + timedelta(hours=23)).method == "break_glass"
        with pytest.raises(DoorNotSealed):
            opened(door, digest_of(code))
        issued = Event.objects.filter(name=EventName.BREAK_GLASS_ISSUED)
        assert issued.filter(organization_id=organization.pk).exists()
        with organization_scope(vendor.pk):
            assert Event.objects.filter(
                organization_id=vendor.pk, name=EventName.BREAK_GLASS_ISSUED
            ).exists()

    def test_is_not_for_people(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: Any
    ) -> None:
        with pytest.raises(NotPermitted):
            issue_code(ada, actor=actor_of(ada), at=at)
        with pytest.raises(NotAnOwner):
            issue_code(max_, actor=system_actor(max_.organization), at=at)


@pytest.mark.django_db(transaction=True)
def test_fifty_at_once_with_one_code_are_one_entry(
    sealed: tuple[SealedDoor, str], organization: Organization
) -> None:
    door, digest = sealed

    results = race(
        [lambda n=n: opened(door, digest, key=f"k{n}") for n in range(50)],  # type: ignore[misc]
        organization_id=organization.pk,
    )

    assert sum(isinstance(one, Entry) for one in results) == 1, results
    assert sum(isinstance(one, DoorNotSealed) for one in results) == 49, results
    assert Entry.objects.filter(method="break_glass").count() == 1
