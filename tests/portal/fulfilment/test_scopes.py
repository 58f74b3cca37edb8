"""The deletions of a person's data, of one kind of data, and of the whole workspace."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client

from accounts.models import User
from audit.models import DataKey, Event
from audit.signing import own_keys
from audit.tree import seal_pending
from audit.verify import verify
from portal.catalog.models import ImportRun, Integration, Metric, Resource, Upload
from portal.fulfilment.models import Certificate
from portal.grants.models import Case
from portal.tickets.actions import file_deletion, file_revocation
from portal.tickets.models import Finding, Step, Tally, Ticket
from portal.tickets.rules import Scope, Status
from portal.tickets.subjects import Wish
from tenants.access import Actor
from tenants.inventory import DataClass, class_of
from tenants.models import ApiToken, Entry, Invitation, Membership, Organization, Policy
from tenants.scoping import TenantModel, organization_scope, system_scope
from tests.portal.fulfilment.conftest import Work
from tests.rows import make_row

pytestmark = pytest.mark.django_db(transaction=True)

ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]


@pytest.fixture(autouse=True)
def _no_cooling_off(ada: Membership) -> None:
    Policy.objects.update(cooling_off=timedelta(0))


@pytest.fixture
def by_ada(ada: Membership, actor_of: ActorOf) -> Actor:
    return actor_of(ada)


def held_anywhere(text: str) -> list[str]:
    """Tables and columns of the whole database that hold the text, as raw SQL finds it."""
    listing = {
        "sqlite": "select t.name, c.name from sqlite_master t, pragma_table_info(t.name) c"
        " where t.type = 'table'",
        "postgresql": "select table_name, column_name from information_schema.columns"
        " where table_schema = current_schema()",
    }
    found = []
    with connection.cursor() as cursor:
        cursor.execute(listing[connection.vendor])
        for table, name in cursor.fetchall():
            quoted, column = map(connection.ops.quote_name, (table, name))
            cursor.execute(
                f"select count(*) from {quoted} where cast({column} as text) like %s",  # noqa: S608
                [f"%{text}%"],
            )
            if cursor.fetchone()[0]:
                found.append(f"{table}.{name}")
    return found


def delete_person(actor: Actor, at: datetime, member: Membership, *, revoke: bool = True) -> Ticket:
    wish = Wish(Scope.PERSON, member_id=member.pk)
    return file_deletion(wish, actor=actor, at=at, confirmation=str(member), revoke=revoke)


def close(actor: Actor, at: datetime) -> Ticket:
    return file_deletion(
        Wish(Scope.CLOSE),
        actor=actor,
        at=at,
        confirmation=actor.organization.name,
        reason="the contract ended",
    )


def finish(work: Work) -> None:
    """Everything that is open, in the order it was filed."""
    for ticket in Ticket.objects.still_open().order_by("-kind", "pk"):
        work(ticket)


class TestPerson:
    def test_everything_of_the_person_goes_and_the_log_still_verifies(
        self,
        ada: Membership,
        mia: Membership,
        by_ada: Actor,
        at: datetime,
        work: Work,
        client_of: ClientOf,
    ) -> None:
        with system_scope("as the person"):
            Membership.unscoped.filter(pk=mia.pk).update(name="Zelda Quandary")
        mia.refresh_from_db()
        client_of(mia)
        mail, user = mia.email, mia.user_id
        ticket = delete_person(by_ada, at, mia)
        finish(work)
        ticket.refresh_from_db()
        assert ticket.status == Status.ERASED
        assert held_anywhere(mail) == []
        assert held_anywhere("Zelda") == []
        assert not User.objects.filter(pk=user).exists()
        assert not Session.objects.filter(session_key__in=Entry.objects.values("session_key"))
        assert Membership.objects.filter(pk=ada.pk).exists()
        assert ticket.subject_label == f"Removed person {mia.pk.hex[-6:]}"
        seal_pending(ada.organization_id)
        assert verify(ada.organization_id, keys=own_keys()).ok
        assert Tally.objects.get(ticket=ticket, store="tenants_membership").before == 1

    def test_what_they_filed_keeps_a_placeholder(
        self, ada: Membership, max_: Membership, mia: Membership, actor_of: ActorOf,
        by_ada: Actor, at: datetime, work: Work,
    ) -> None:  # fmt: skip
        theirs = file_revocation(mia, actor=actor_of(max_), at=at, reason="Max says so")
        work(theirs)
        ticket = delete_person(by_ada, at, max_)
        finish(work)
        ticket.refresh_from_db()
        theirs.refresh_from_db()
        assert ticket.status == Status.ERASED
        assert theirs.requester_id is None
        assert theirs.requester_name == f"Removed person {max_.pk.hex[-6:]}"
        # What was written about Mia is hers, and Mia's data was not asked for.
        assert theirs.subject_label == str(mia)

    def test_an_account_that_another_workspace_knows_stays(
        self, mia: Membership, ned: Membership, by_ada: Actor, at: datetime, work: Work
    ) -> None:
        with organization_scope(ned.organization_id):
            elsewhere = Membership.objects.create(
                user=mia.user, name="Mia", email=mia.email, role="viewer", source="invitation",
                joined_at=at,
            )  # fmt: skip
        ticket = delete_person(by_ada, at, mia)
        finish(work)
        ticket.refresh_from_db()
        assert ticket.status == Status.ERASED
        with organization_scope(ned.organization_id):
            assert Membership.objects.get(pk=elsewhere.pk).user == mia.user
        assert not Membership.objects.filter(pk=mia.pk).exists()

    def test_an_address_that_ends_like_another_is_left_alone(
        self, mia: Membership, by_ada: Actor, at: datetime, work: Work
    ) -> None:
        kept = Invitation.objects.create(
            email=f"x{mia.email}", role="viewer", created_at=at, expires_at=at + timedelta(days=1)
        )
        gone = Invitation.objects.create(
            email=mia.email.upper(), role="viewer", created_at=at, expires_at=at,
        )  # fmt: skip
        ticket = delete_person(by_ada, at, mia)
        finish(work)
        ticket.refresh_from_db()
        assert ticket.status == Status.ERASED
        assert list(Invitation.objects.values_list("pk", flat=True)) == [kept.pk]
        assert gone.pk != kept.pk

    def test_it_waits_for_the_revocation(
        self, mia: Membership, by_ada: Actor, at: datetime, work: Work
    ) -> None:
        ticket = work(delete_person(by_ada, at, mia))
        assert ticket.status == Status.RETRYING
        assert Step.objects.get(ticket=ticket, name="access").error_code == "others-open"
        assert Membership.objects.filter(pk=mia.pk, user__isnull=False).exists()

    def test_a_mention_that_no_rule_knows_keeps_the_request_open(
        self, mia: Membership, by_ada: Actor, at: datetime, work: Work
    ) -> None:
        """The read-back looks in every column of text, not where the eraser looked."""
        ApiToken.objects.create(
            kind="personal", name=f"for {mia.email}", prefix="gh_x", digest="0" * 64,
            owner=by_ada.membership, created_at=at, expires_at=at + timedelta(days=1),
        )  # fmt: skip
        ticket = delete_person(by_ada, at, mia)
        finish(work)
        ticket.refresh_from_db()
        assert ticket.is_open
        assert Tally.objects.get(ticket=ticket, store="tenants_apitoken").after == 1
        assert not Certificate.objects.exists()


class TestDataClass:
    def test_only_the_kind_goes_and_what_cannot_be_without_it(
        self, integration: Integration, by_ada: Actor, at: datetime, work: Work
    ) -> None:
        run = ImportRun.objects.create(integration=integration, queued_at=at, bytes_total=1)
        Upload.objects.create(
            integration=integration, run=run, kind="manifest", path="none", size=1, digest="0",
            uploaded_at=at, expires_at=at + timedelta(days=1),
        )  # fmt: skip
        resource = Resource.objects.first()
        Metric.objects.create(
            integration=integration, resource=resource, name="rows", label="Rows", value="3"
        )
        wish = Wish(Scope.DATA_CLASS, data_class="activity")
        filed = file_deletion(wish, actor=by_ada, at=at, confirmation="Import runs and logs")
        ticket = work(filed)
        assert ticket.status == Status.ERASED
        assert not ImportRun.objects.exists()
        assert not Upload.objects.exists()
        assert Resource.objects.count() == 12
        wish = Wish(Scope.DATA_CLASS, data_class="metrics")
        label = "Metrics and results of checks"
        assert work(file_deletion(wish, actor=by_ada, at=at, confirmation=label)).status == "erased"
        assert not Metric.objects.exists()

    def test_what_is_written_on_meanwhile_is_not_counted(
        self, by_ada: Actor, at: datetime, work: Work
    ) -> None:
        from portal.directory.models import DirectoryCall  # noqa: PLC0415

        def call() -> None:
            DirectoryCall.objects.create(
                called_at=at, method="GET", path="/Users", status=200, outcome="done",
                milliseconds=1, token_prefix="x",
            )  # fmt: skip

        call()
        wish = Wish(Scope.DATA_CLASS, data_class="sign_in_log")
        label = "Records of sign-ins and of the directory"
        ticket = file_deletion(wish, actor=by_ada, at=at, confirmation=label)
        work_started = Ticket.objects.get(pk=ticket.pk)
        assert work(work_started).status == Status.ERASED
        assert not DirectoryCall.objects.exists()


class TestClose:
    def test_nothing_is_left_but_the_evidence(
        self,
        integration: Integration,
        ada: Membership,
        mia: Membership,
        ned: Membership,
        by_ada: Actor,
        at: datetime,
        work: Work,
        client_of: ClientOf,
    ) -> None:
        browser = client_of(ada)
        assert browser.get("/o/acme/").status_code == 200
        done = work(file_revocation(mia, actor=by_ada, at=at, reason="about Mia"))
        ticket = work(close(by_ada, at))
        assert ticket.status == Status.ERASED
        for person in (ada, mia):
            assert held_anywhere(person.email) == []
            assert held_anywhere(person.name) == []
        assert not Membership.objects.exists()
        assert not Integration.objects.exists()
        assert not Policy.objects.exists()
        assert not Finding.objects.exclude(label="").exists()
        assert not DataKey.objects.filter(
            organization_id=ada.organization_id, wrapped__isnull=False
        ).exists()
        done.refresh_from_db()
        assert done.reason == ""
        organization = Organization.objects.get(pk=ada.organization_id)
        assert (organization.status, organization.security_contact) == ("closed", "")
        assert browser.get("/o/acme/").status_code in {302, 404}
        assert User.objects.filter(pk=ned.user_id).exists()
        seal_pending(ada.organization_id)
        assert verify(ada.organization_id, keys=own_keys()).ok

    def test_what_support_was_told_and_shown_goes_too(
        self, integration: Integration, by_ada: Actor, at: datetime, work: Work
    ) -> None:
        kinds = [m for m in TenantModel.__subclasses__() if class_of(m) == DataClass.SUPPORT]
        assert {"Dispute", "BundleOpening", "AccessRecord"} <= {kind.__name__ for kind in kinds}
        for kind in kinds:
            make_row(kind, by_ada.organization)
        Case.objects.update(status="closed", closed_at=at)
        assert work(close(by_ada, at)).status == Status.ERASED
        assert [kind for kind in kinds if kind.objects.exists()] == []

    def test_sign_in_ends_before_the_first_row_goes(
        self,
        integration: Integration,
        ada: Membership,
        mia: Membership,
        by_ada: Actor,
        at: datetime,
        work: Work,
        client_of: ClientOf,
    ) -> None:
        """Another request is open: it is waited for, with the doors shut."""
        browser = client_of(ada)
        file_revocation(mia, actor=by_ada, at=at)
        ticket = work(close(by_ada, at))
        assert ticket.status == Status.RETRYING
        assert browser.get("/o/acme/").status_code in {302, 404}
        assert not Entry.objects.open().exists()
        assert Integration.objects.exists()
        assert Membership.objects.count() == 2
        assert Event.objects.filter(name="organization.closed").count() == 1
