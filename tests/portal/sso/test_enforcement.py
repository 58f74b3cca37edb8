"""Single sign-on only: started on proof, on trial for 30 minutes, confirmed, returned, lifted."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.names import EventName
from audit.refusals import NotPermitted, StepUpNeeded
from portal.queue.sweeping import SWEEPS
from portal.sso.actions.enforcement import (
    EnforcementNotReady,
    EnforcementStateWrong,
    confirm_enforcement,
    lift_enforcement,
)
from portal.sso.models import Connection, Domain, SealedDoor
from tenants.access import Actor
from tenants.clock import shifted
from tenants.models import Entry, Membership, Policy
from tenants.scoping import organization_scope
from tests.cast import PASSWORD
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.emergencies import enforce
from tests.portal.sso.passwords import SECRET, code_of, give_second_factor

pytestmark = pytest.mark.django_db
ClientOf = Callable[..., Client]
ActorOf = Callable[..., Actor]
HERE = "/o/acme/sso/policy/"
TRIAL = timedelta(minutes=30)


class TestStarting:
    @pytest.mark.parametrize(
        ("spoil", "said"),
        [
            (lambda: Connection.objects.update(tested_digest=""), "test login"),
            (lambda: Policy.objects.update(saml_allowed=False), "Activate"),
            (lambda: Domain.objects.update(verified_at=None), "domain"),
            (lambda: SealedDoor.objects.first().delete(), "break-glass"),
            (
                lambda: SealedDoor.objects.filter(pk=SealedDoor.objects.first().pk).update(
                    status="made", proven_at=None
                ),
                "break-glass",
            ),
        ],
        ids=["untested", "method off", "no domain", "one owner", "unproven"],
    )
    def test_is_refused_with_what_is_missing(
        self,
        spoil: Callable[[], Any],
        said: str,
        ready: Idp,
        ada: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
    ) -> None:
        spoil()

        with pytest.raises(EnforcementNotReady, match=said):
            enforce(actor_of(ada))
        client = client_of(ada)
        client.post(f"{HERE}enforce/")
        assert Policy.objects.get().sso_enforced_at is None
        assert b"Missing" in client.get(f"{HERE}enforce/").content

    def test_needs_the_right_and_a_step_up(
        self, ready: Idp, ada: Membership, sia: Membership, actor_of: ActorOf
    ) -> None:
        with pytest.raises(NotPermitted):
            enforce(actor_of(sia))
        with pytest.raises(StepUpNeeded):
            enforce(actor_of(ada, stepped_up=False))
        with pytest.raises(EnforcementStateWrong):
            lift_enforcement(actor=actor_of(ada), at=timezone.now())

    def test_is_not_for_the_vendor(
        self, lea: Membership, opal: Membership, actor_of: ActorOf
    ) -> None:
        with organization_scope(opal.organization_id), pytest.raises(EnforcementNotReady):
            enforce(actor_of(opal))

    def test_page_previews_enforces_and_lifts(
        self, ready: Idp, ada: Membership, mia: Membership, client_of: ClientOf
    ) -> None:
        give_second_factor(mia)
        client = client_of(ada)

        preview = client.get(f"{HERE}enforce/")
        assert mia in preview.context["effect"].locked_out
        client.post(f"{HERE}enforce/")
        assert Policy.objects.get().enforces_sso(at=timezone.now())
        assert b"on trial" in client.get("/o/acme/").content
        assert b"on trial" not in client_of(mia, method="saml").get("/o/acme/catalog/").content
        client.post(f"{HERE}lift/")
        assert Policy.objects.get().sso_enforced_at is None


class TestTrial:
    def test_returns_at_thirty_minutes_to_the_second_without_a_worker(
        self, ready: Idp, ada: Membership, actor_of: ActorOf
    ) -> None:
        at = timezone.now()
        policy = enforce(actor_of(ada), at)

        assert policy.enforces_sso(at=at + TRIAL - timedelta(microseconds=1))
        assert not policy.enforces_sso(at=at + TRIAL)

    def test_opens_the_password_again_by_the_clock(
        self, ready: Idp, ada: Membership, actor_of: ActorOf, client: Client
    ) -> None:
        enforce(actor_of(ada), timezone.now() - TRIAL)

        client.post("/sign-in/password/", {"login": "ada@acme.test", "password": PASSWORD})
        client.post("/sign-in/code/", {"code": code_of(SECRET)})

        assert Entry.objects.get().method == Entry.Method.PASSWORD

    def test_is_written_down_and_told_by_the_sweep_once(
        self, ready: Idp, ada: Membership, actor_of: ActorOf
    ) -> None:
        at = timezone.now()
        enforce(actor_of(ada), at)

        SWEEPS["sso.return_enforcement"].run(at + TRIAL - timedelta(seconds=1))
        assert Policy.objects.get().sso_enforced_at is not None
        for _ in range(2):
            SWEEPS["sso.return_enforcement"].run(at + TRIAL)
        assert Policy.objects.get().sso_enforced_at is None
        assert Event.objects.filter(name=EventName.SSO_ENFORCEMENT_RETURNED).count() == 1

    def test_may_be_started_again_before_the_sweep_came(
        self, ready: Idp, ada: Membership, actor_of: ActorOf
    ) -> None:
        enforce(actor_of(ada), timezone.now() - TRIAL)

        assert enforce(actor_of(ada)).enforces_sso(at=timezone.now())
        assert Event.objects.filter(name=EventName.SSO_ENFORCEMENT_RETURNED).count() == 1
        with pytest.raises(EnforcementStateWrong):
            enforce(actor_of(ada))

    def test_an_admins_session_lives_on_and_others_end(
        self,
        ready: Idp,
        ada: Membership,
        max_: Membership,
        mia: Membership,
        actor_of: ActorOf,
        client_of: ClientOf,
    ) -> None:
        """Symptom: the admin who tests single sign-on elsewhere loses the way back."""
        admin, other, viewer = client_of(ada), client_of(max_), client_of(mia)

        enforce(actor_of(ada))

        assert admin.get(HERE).status_code == 200
        assert other.get("/o/acme/").status_code == 200
        assert viewer.get("/o/acme/").status_code == 302
        late = client_of(max_, at=timezone.now() + timedelta(seconds=1))
        with shifted(timedelta(seconds=2)):
            assert late.get("/o/acme/").status_code == 302

    def test_an_admins_sign_in_confirms_it_and_ends_the_passwords_sessions(
        self, ready: Idp, ada: Membership, actor_of: ActorOf, client_of: ClientOf, browser: Browser
    ) -> None:
        admin = client_of(ada)
        enforce(actor_of(ada))

        browser.sign_in(ready, email="ada@acme.test", subject="ada-1", name="Ada Okafor")
        assert Policy.objects.get().sso_confirmed_at is None  # her own second factor is asked
        browser.post("/sign-in/code/", {"code": code_of(SECRET)})

        policy = Policy.objects.get()
        assert policy.sso_confirmed_at is not None
        assert policy.enforces_sso(at=timezone.now() + timedelta(days=400))
        assert admin.get(HERE).status_code == 302
        assert Event.objects.filter(name=EventName.SSO_ENFORCEMENT_CONFIRMED).count() == 1

    def test_an_employees_sign_in_does_not(
        self, ready: Idp, ada: Membership, actor_of: ActorOf, browser: Browser
    ) -> None:
        enforce(actor_of(ada))

        browser.sign_in(ready)

        assert Entry.objects.filter(method="saml").exists()
        assert Policy.objects.get().sso_confirmed_at is None

    def test_nothing_confirms_it_when_its_time_is_over(
        self, ready: Idp, ada: Membership, actor_of: ActorOf
    ) -> None:
        at = timezone.now()
        enforce(actor_of(ada), at)

        assert not confirm_enforcement(actor=actor_of(ada), at=at + TRIAL)
        assert confirm_enforcement(actor=actor_of(ada), at=at + TRIAL - timedelta(seconds=1))
