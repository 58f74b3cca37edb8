"""Break-glass: off by default, proven before it counts, opens once, alarms, and re-seals."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Event
from audit.names import EventName
from audit.refusals import NotPermitted, StepUpNeeded
from portal.sso.actions.emergency import (
    DoorNotSealed,
    NotAnOwner,
    make_code,
    nominate_owner,
)
from portal.sso.codes import digest_of, new_code
from portal.sso.emergency import proven_doors
from portal.sso.models import SealedDoor
from tenants.access import Actor
from tenants.models import Entry, Membership
from tenants.scoping import organization_scope
from tests.portal.sso.emergencies import (
    DOOR,
    HERE,
    CountedHasher,
    knock,
    opened,
    recovery_codes_of,
    seal,
)
from tests.portal.sso.emergencies import make_code as read_code

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]


class TestCode:
    def test_is_long_enough_and_read_however_it_is_typed(self) -> None:
        code = new_code()

        assert len(code.replace("-", "")) == 32  # of 5 bits each
        assert digest_of(code.lower().replace("-", " ")) == digest_of(code)
        assert digest_of("0O1I8B") == digest_of("OOIIBB")
        assert new_code() != code

    def test_is_not_stored(self, ada: Membership, actor_of: ActorOf, at: Any) -> None:
        door = nominate_owner(ada, actor=actor_of(ada), at=at)

        made, code = make_code(door, actor=actor_of(ada), at=at)

        made.refresh_from_db()
        assert code not in str(vars(made))
        assert not Event.objects.filter(body__contains=code).exists()


class TestSealing:
    def test_opens_nothing_before_it_was_proven(
        self, ada: Membership, actor_of: ActorOf, at: Any
    ) -> None:
        """Symptom: a code on paper that nobody ever tried, on the day it is needed."""
        door = nominate_owner(ada, actor=actor_of(ada), at=at)
        door, code = make_code(door, actor=actor_of(ada), at=at)

        with pytest.raises(DoorNotSealed):
            opened(door, digest_of(code))
        assert proven_doors(at=at) == []
        assert not Entry.objects.exists()

    def test_is_proven_on_the_real_page_which_lets_nobody_in(
        self, ada: Membership, client_of: ClientOf
    ) -> None:
        client = client_of(ada)
        before = Entry.objects.count()

        seal(client, client, ada)

        assert Entry.objects.count() == before
        assert b"1 of 2 sealed" in client.get(HERE).content

    def test_needs_a_password_and_a_factor_to_count(
        self, sealed: tuple[SealedDoor, str], ada: Membership, at: Any
    ) -> None:
        recovery_codes_of(ada)
        assert len(proven_doors(at=at)) == 1

        User.objects.filter(pk=ada.user_id).update(password="!")
        assert proven_doors(at=at) == []

    def test_is_for_owners_by_owners_with_a_step_up(
        self, ada: Membership, max_: Membership, actor_of: ActorOf, at: Any
    ) -> None:
        with pytest.raises(NotAnOwner):
            nominate_owner(max_, actor=actor_of(ada), at=at)
        with pytest.raises(NotPermitted):
            nominate_owner(ada, actor=actor_of(max_), at=at)
        with pytest.raises(StepUpNeeded):
            nominate_owner(ada, actor=actor_of(ada, stepped_up=False), at=at)
        assert not SealedDoor.objects.exists()

    def test_only_its_holder_makes_the_code(
        self, ada: Membership, olga: Membership, client_of: ClientOf
    ) -> None:
        owner = client_of(ada)
        owner.post(f"{HERE}name/", {"member": str(olga.pk)})
        door = SealedDoor.objects.get()

        assert owner.post(f"{HERE}{door.pk}/code/").status_code == 404
        assert owner.post(f"{HERE}name/", {"member": str(olga.pk)}).status_code == 422

    def test_waits_in_the_list_until_it_is_sealed(
        self, ada: Membership, olga: Membership, client_of: ClientOf
    ) -> None:
        owner, holder = client_of(ada), client_of(olga)
        owner.post(f"{HERE}name/", {"member": str(olga.pk)})
        words = b"Make your break-glass code"

        assert words in holder.get("/o/acme/waiting/").content
        assert words not in owner.get("/o/acme/waiting/").content
        code = read_code(holder, olga)
        knock(holder, olga, code, factor=recovery_codes_of(olga)[0])
        assert words not in holder.get("/o/acme/waiting/").content


class TestOpening:
    def test_lets_the_holder_in_for_an_hour_and_alarms(
        self, ada: Membership, mia: Membership, client_of: ClientOf, client: Client
    ) -> None:
        owner = client_of(ada)
        code = seal(owner, owner, ada)

        answer = knock(client, ada, code.lower(), factor=recovery_codes_of(ada)[0])

        assert answer["Location"] == HERE
        page = client.get(HERE).content
        assert b"Break-glass is open." in page
        assert b"Make and prove a new code" in page
        assert b"Break-glass is open." in client_of(mia).get("/o/acme/catalog/").content
        assert b"Ada Okafor" not in client_of(mia).get("/o/acme/catalog/").content
        entry = Entry.objects.get(method=Entry.Method.BREAK_GLASS)
        assert Event.objects.filter(name=EventName.BREAK_GLASS_OPENED).count() == 1
        Entry.objects.filter(pk=entry.pk).update(
            authenticated_at=entry.authenticated_at - timedelta(hours=1)
        )
        assert client.get(HERE).status_code == 302

    def test_works_only_once_and_asks_for_a_new_code(
        self, ada: Membership, client_of: ClientOf, client: Client
    ) -> None:
        owner = client_of(ada)
        code = seal(owner, owner, ada)
        answers = recovery_codes_of(ada)
        knock(client, ada, code, factor=answers[0])

        again = knock(Client(), ada, code, factor=answers[1])

        assert again.status_code == 422
        assert SealedDoor.objects.get().status == SealedDoor.Status.OPENED
        fresh = read_code(client, ada)  # inside the hour, by the step-up of the opening
        assert knock(client, ada, fresh, factor=answers[2]).status_code == 302
        assert SealedDoor.objects.get().status == SealedDoor.Status.SEALED

    def test_steps_up_by_password_and_factor(
        self, ada: Membership, client_of: ClientOf, client: Client
    ) -> None:
        owner = client_of(ada)
        code = seal(owner, owner, ada)
        answers = recovery_codes_of(ada)
        knock(client, ada, code, factor=answers[0])
        Entry.objects.filter(method="break_glass").update(step_up_at=None)

        done = client.post(
            "/o/acme/step-up/",
            {"password": "correct-horse-tests", "code": answers[1], "next": HERE},
        )

        assert done["Location"] == HERE
        assert Entry.objects.get(method="break_glass").step_up_at is not None

    @pytest.mark.parametrize(
        "wrong",
        [
            {"password": "wrong-password-here"},
            {"factor": "000000"},
            {"code": "AAAA-BBBB-CCCC-DDDD-EEEE-FFFF-GGGG-HHHH"},
            {"code": "x"},
            {"email": "nobody@acme.test"},
            {"email": "mia@acme.test"},
        ],
        ids=str,
    )
    def test_answers_alike_whatever_was_wrong(
        self,
        wrong: dict[str, str],
        ada: Membership,
        mia: Membership,
        client_of: ClientOf,
        client: Client,
    ) -> None:
        owner = client_of(ada)
        code = seal(owner, owner, ada)
        factor = recovery_codes_of(ada)[0]

        answer = knock(client, ada, code, **{"factor": factor, **wrong})

        assert answer.status_code == 422
        said = (
            "This does not open anything. Check all four. A code from an app counts once: if you "
            "have just used it, wait for the next one."
        )
        assert [str(e) for e in answer.context["form"].non_field_errors()] == [said]
        assert "_auth_user_id" not in client.session
        assert not Entry.objects.filter(method="break_glass").exists()
        assert SealedDoor.objects.get().status == SealedDoor.Status.SEALED

    def test_a_wrong_code_costs_the_second_factor_nothing(
        self, ada: Membership, client_of: ClientOf, client: Client
    ) -> None:
        owner = client_of(ada)
        code = seal(owner, owner, ada)
        factor = recovery_codes_of(ada)[0]

        knock(client, ada, "wrong", factor=factor)

        assert knock(client, ada, code, factor=factor).status_code == 302

    @pytest.mark.parametrize(
        "wrong",
        [{}, {"password": "wrong"}, {"email": "nobody@else.test"}, {"email": "mia@acme.test"}],
        ids=str,
    )
    def test_takes_the_same_work_for_a_stranger_as_for_a_holder(
        self,
        wrong: dict[str, str],
        ada: Membership,
        mia: Membership,
        client_of: ClientOf,
        client: Client,
        settings: Any,
    ) -> None:
        """Symptom: whose address has a break-glass code shows in the time of the answer."""
        owner = client_of(ada)
        seal(owner, owner, ada)
        settings.PASSWORD_HASHERS = ["tests.portal.sso.emergencies.CountedHasher"]
        for member in (ada, mia):
            member.user.set_password("correct-horse-tests")
            member.user.save()
        CountedHasher.hashed = 0

        knock(client, ada, "wrong", **wrong)

        assert CountedHasher.hashed == 1

    def test_is_limited_by_address(self, ada: Membership, client: Client) -> None:
        answers = [knock(client, ada, "x").status_code for _ in range(12)]

        assert answers[-1] == 429

    @pytest.mark.parametrize(
        "posted",
        [{}, {"email": "x"}, {"email": "a@b.test", "code": "\x00" * 50}, {"password": "p" * 5000}],
    )
    def test_bad_input_is_422(self, posted: dict[str, str], db: None, client: Client) -> None:
        assert client.post(DOOR, posted).status_code == 422

    def test_does_not_open_another_workspace(
        self, ada_twice: Membership, ada: Membership, client_of: ClientOf, client: Client
    ) -> None:
        owner = client_of(ada)
        code = seal(owner, owner, ada)
        knock(client, ada, code, factor=recovery_codes_of(ada)[0])

        with organization_scope(ada_twice.organization_id):
            assert not Entry.objects.exists()
        assert client.get("/o/globex/").status_code == 302
