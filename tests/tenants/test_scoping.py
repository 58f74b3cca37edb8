"""Nothing of a tenant is read or written without saying whose."""

import threading
from contextlib import suppress
from typing import Any
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction

from audit.identifiers import new_id
from tenants import clock
from tenants.models import Membership, Organization, Team, TeamMember
from tenants.scoping import (
    ScopeMissing,
    current_organization_id,
    open_scope,
    organization_scope,
    scope_is_open,
    system_scope,
)

pytestmark = pytest.mark.django_db


def test_reading_outside_a_scope_raises() -> None:
    with pytest.raises(ScopeMissing):
        Membership.objects.count()


def test_rows_of_all_organizations_need_a_system_scope() -> None:
    with pytest.raises(ScopeMissing):
        Membership.unscoped.count()


def test_a_scope_shows_its_own_rows_only(mia: Membership, ned: Membership) -> None:
    assert list(Membership.objects.all()) == [mia]

    with organization_scope(ned.organization_id):
        assert list(Membership.objects.all()) == [ned]


def test_a_scope_restores_the_one_before(mia: Membership, ned: Membership) -> None:
    with pytest.raises(ZeroDivisionError), organization_scope(ned.organization_id):
        raise ZeroDivisionError

    assert current_organization_id() == mia.organization_id


def test_a_scope_survives_a_broken_transaction(organization: Organization) -> None:
    with (
        pytest.raises(DatabaseError),
        transaction.atomic(),
        organization_scope(new_id()),
        connection.cursor() as cursor,
    ):
        cursor.execute("select from nowhere where")

    assert current_organization_id() == organization.pk
    assert Membership.objects.count() == 0


def test_a_new_thread_has_no_scope(organization: Organization) -> None:
    seen: list[bool] = []

    thread = threading.Thread(target=lambda: seen.append(scope_is_open()))
    thread.start()
    thread.join()

    assert seen == [False]


def test_creating_stamps_the_organization(organization: Organization, at: object) -> None:
    team = Team.objects.create(name="Finance", created_at=at)

    assert team.organization_id == organization.pk


def test_creating_for_another_organization_raises(
    organization: Organization, other_organization: Organization, at: object
) -> None:
    with pytest.raises(ScopeMissing):
        Team.objects.create(organization=other_organization, name="Finance", created_at=at)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no such guard")
class TestOnPostgreSQL:
    def test_the_database_itself_hides_other_organizations(
        self, mia: Membership, ned: Membership
    ) -> None:
        with connection.cursor() as cursor:
            cursor.execute("select id from tenants_membership")
            assert [row[0] for row in cursor.fetchall()] == [mia.pk]
            with system_scope("test"):
                cursor.execute("select count(*) from tenants_membership")
                assert cursor.fetchone()[0] == 2

    def test_the_database_refuses_a_row_for_another_organization(
        self, organization: Organization, other_organization: Organization
    ) -> None:
        with (
            pytest.raises(DatabaseError, match="row-level security"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                "insert into tenants_numberseries (id, organization_id, series, last)"
                " values (%s, %s, 'X', 1)",
                [new_id(), other_organization.pk],
            )

    def test_a_key_cannot_point_into_another_organization(
        self, mia: Membership, ned: Membership, at: object
    ) -> None:
        team = Team.objects.create(name="Finance", created_at=at)
        TeamMember.objects.create(team=team, membership=ned)

        with pytest.raises(DatabaseError, match="same_org"), connection.cursor() as cursor:
            cursor.execute("set constraints all immediate")

    def test_what_a_rollback_took_back_is_told_again(
        self, mia: Membership, ned: Membership
    ) -> None:
        assert rows() == [mia.pk]
        with organization_scope(ned.organization_id):
            with suppress(ZeroDivisionError), transaction.atomic():
                assert rows() == [ned.pk]
                raise ZeroDivisionError
            assert rows() == [ned.pk]
        assert rows() == [mia.pk]

    def test_a_scope_that_ends_without_a_statement_is_not_told(
        self, mia: Membership, ned: Membership
    ) -> None:
        assert rows() == [mia.pk]
        with organization_scope(ned.organization_id):
            assert setting() == str(ned.organization_id)
        with system_scope("test"), organization_scope(ned.organization_id):
            pass
        # Asked past Django's hook: as the last statement left it.
        with connection.connection.cursor() as cursor:
            found = cursor.execute("select current_setting('gatehouse.organization')").fetchone()
        assert found[0] == str(ned.organization_id)
        assert setting() == str(mia.organization_id)


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite has no such guard")
@pytest.mark.django_db(transaction=True)
class TestConnections:
    def test_a_new_connection_knows_the_open_scope(self, mia: Membership) -> None:
        assert rows() == [mia.pk]
        connection.close()
        assert setting() == str(mia.organization_id)

    def test_a_broken_transaction_that_is_committed_took_the_scope_with_it(
        self, mia: Membership, ned: Membership
    ) -> None:
        with organization_scope(ned.organization_id):
            with transaction.atomic(), suppress(DatabaseError):
                assert setting() == str(ned.organization_id)
                with connection.cursor() as cursor:
                    cursor.execute("select from nowhere where")
            assert setting() == str(ned.organization_id)

    def test_a_cursor_that_reads_on_sees_what_it_was_declared_for(
        self, mia: Membership, ned: Membership
    ) -> None:
        with transaction.atomic(), connection.chunked_cursor() as cursor:
            cursor.execute(
                "select id from tenants_membership where id = %s"
                " union all select id from tenants_membership where id <> %s",
                [mia.pk, mia.pk],
            )
            seen = [cursor.fetchmany(1)[0][0]]
            with system_scope("test"):
                assert len(rows()) == 2
            seen += [row[0] for row in cursor]
        assert seen == [mia.pk]
        assert rows() == [mia.pk]

    @pytest.mark.parametrize("inner", ["another's", "everybody's"])
    def test_whatever_interrupts_the_telling_leaves_no_scope_behind(
        self, mia: Membership, ned: Membership, monkeypatch: pytest.MonkeyPatch, inner: str
    ) -> None:
        def interrupted(_instant: object) -> None:
            raise SystemExit(1)

        assert rows() == [mia.pk]
        scope = organization_scope(ned.organization_id)
        monkeypatch.setattr(clock, "anchor", interrupted)
        with scope if inner == "another's" else system_scope("test"), pytest.raises(SystemExit):
            rows()
        monkeypatch.undo()
        assert rows() == [mia.pk]

    def test_copies_and_streams_are_told_too(self, mia: Membership, ned: Membership) -> None:
        asked = "select id from tenants_membership"
        assert rows() == [mia.pk]
        with organization_scope(ned.organization_id), connection.cursor() as cursor:
            assert [row[0] for row in cursor.stream(asked)] == [ned.pk]
        with connection.cursor() as cursor, cursor.copy(f"copy ({asked}) to stdout") as copied:
            assert b"".join(map(bytes, copied)).decode().split() == [str(mia.pk)]

    def test_what_a_wrapper_reads_changes_nothing_for_the_statement(
        self, mia: Membership, ned: Membership
    ) -> None:
        def curious(execute: Any, *statement: Any) -> Any:
            if not inside:
                inside.append(True)
                with system_scope("test"):
                    assert len(rows()) == 2
            return execute(*statement)

        inside: list[bool] = []
        with connection.execute_wrapper(curious):
            assert rows() == [mia.pk]

    def test_a_scope_of_before_a_transaction_outlives_its_rollback(self, ned: Membership) -> None:
        with organization_scope(ned.organization_id):
            assert setting() == str(ned.organization_id)
            with suppress(ZeroDivisionError), transaction.atomic():
                assert setting() == str(ned.organization_id)
                raise ZeroDivisionError
            assert connection.told == open_scope()  # type: ignore[attr-defined]
            assert setting() == str(ned.organization_id)


def rows() -> list[UUID]:
    """What the database itself shows, without Django's filters."""
    with connection.cursor() as cursor:
        cursor.execute("select id from tenants_membership order by id")
        return [row[0] for row in cursor.fetchall()]


def setting() -> str:
    with connection.cursor() as cursor:
        cursor.execute("select current_setting('gatehouse.organization')")
        return str(cursor.fetchone()[0])
