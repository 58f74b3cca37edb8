"""The clock and the transition tables, without a database."""

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.tickets import rules
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind, Status

NOON = datetime(2026, 3, 29, 12, 0, 0, tzinfo=UTC)
DUE = rules.due_at(NOON)
MOMENTS = st.timedeltas(timedelta(0), timedelta(days=36_500)).map(lambda gone: NOON + gone)


@given(MOMENTS)
def test_due_is_24_hours_to_the_second_whatever_the_clocks_on_the_wall_do(at: datetime) -> None:
    assert rules.due_at(at) - at == timedelta(hours=24)


def test_time_spent_paused_is_added() -> None:
    assert rules.due_at(NOON, timedelta(hours=2)) == NOON + timedelta(hours=26)


@pytest.mark.parametrize(
    ("hours", "levels"),
    [
        (0, ()),
        (11.99, ()),
        (12, (50,)),
        (18, (50, 75)),
        (21.6, (50, 75, 90)),
        (24, (50, 75, 90)),
        (24.001, (50, 75, 90, 100)),
    ],
)
def test_levels_follow_the_share_of_time_spent(hours: float, levels: tuple[int, ...]) -> None:
    assert rules.levels_reached(NOON, DUE, NOON + timedelta(hours=hours)) == levels


@pytest.mark.parametrize("paused", [timedelta(0), timedelta(hours=2), timedelta(hours=70)])
@pytest.mark.parametrize(("hours", "share"), [(0, 0.0), (12, 0.5), (18, 0.75), (24, 1.0)])
def test_time_that_stood_still_is_neither_promised_nor_spent(
    paused: timedelta, hours: int, share: float
) -> None:
    """The symptom: confirmed after 70 hours, a deletion stood at 74.5 % at once."""
    ticket = Ticket(
        received_at=NOON,
        due_at=rules.due_at(NOON, paused),
        paused_seconds=int(paused.total_seconds()),
        status=Status.COOLING_OFF,
    )
    at = NOON + paused + timedelta(hours=hours)
    assert rules.spent(ticket.running_from, ticket.due_at, at) == share
    assert ticket.is_at_risk(at) == (hours >= 18)


def test_the_last_instant_is_in_time_and_the_next_one_is_late() -> None:
    assert not rules.is_late(DUE, met_at=None, at=DUE)
    assert rules.is_late(DUE, met_at=None, at=DUE + timedelta(microseconds=1))
    assert not rules.is_late(DUE, met_at=DUE, at=DUE + timedelta(days=9))


def test_pauses_double_up_to_an_hour() -> None:
    pauses = [rules.pause_after(n).total_seconds() for n in range(1, 10)]
    assert pauses == [30, 60, 120, 240, 480, 960, 1920, 3600, 3600]


@pytest.mark.parametrize("kind", list(Kind))
def test_every_status_of_a_kind_is_reachable_and_only_ends_have_no_way_on(kind: Kind) -> None:
    table = rules.TRANSITIONS[kind]
    reached = set(rules.FIRST_STATUSES[kind]).union(*table.values())
    assert reached == set(table)
    assert {status for status, ways in table.items() if not ways} == set(table) & rules.ENDED


@pytest.mark.parametrize("kind", list(Kind))
def test_what_is_not_in_the_table_cannot_happen(kind: Kind) -> None:
    for before, after in product(Status, Status):
        allowed = after in rules.TRANSITIONS[kind].get(before, frozenset())
        assert rules.may_move(kind, before, after) == allowed, (before, after)
        assert not (allowed and before in rules.ENDED), (before, after)


def test_a_deletion_that_destroyed_something_cannot_be_withdrawn() -> None:
    ways = rules.TRANSITIONS[Kind.DELETION]
    withdrawable = {status for status in ways if Status.WITHDRAWN in ways[status]}
    assert withdrawable == rules.WITHDRAWABLE & set(ways)
