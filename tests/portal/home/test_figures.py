"""The numbers of the first page, which must not flatter."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from portal.home.charts import closed_per_day
from portal.home.figures import Kept, figures_for, kept_since
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.models import Membership

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)


def kept(*, ago: timedelta, took: timedelta) -> Kept:
    met_at = NOON - ago
    return Kept(met_at - took, met_at - took + DAY, met_at)


def values(actor: Actor, at: datetime) -> dict[str, tuple[str, str, str]]:
    figures = figures_for(actor, at, kept_since(actor, at - 30 * DAY))
    return {figure.label: (figure.value, figure.note, figure.tone) for figure in figures}


def test_a_new_workspace_claims_nothing(
    actor_of: Callable[..., Actor], ada: Membership, at: datetime
) -> None:
    shown = values(actor_of(ada), at)

    assert shown["Open requests"] == ("0", "each due within 24 h", "neutral")
    assert shown["Kept within 24 h, 30 days"][0] == "—"
    assert shown["Diagnostic access now"] == ("0", "the vendor sees nothing", "ok")


def test_an_open_request_that_is_late_counts_against_the_promise(
    actor_of: Callable[..., Actor], ada: Membership, mia: Membership, at: datetime
) -> None:
    file_revocation(mia, actor=actor_of(ada), at=at)

    shown = values(actor_of(ada), at + DAY + HOUR)

    assert shown["Open requests"] == ("1", "1 late", "danger")
    assert shown["Kept within 24 h, 30 days"] == ("0.0 %", "1 late", "danger")


def test_a_request_due_soon_is_marked(
    actor_of: Callable[..., Actor], ada: Membership, mia: Membership, at: datetime
) -> None:
    file_revocation(mia, actor=actor_of(ada), at=at)

    assert values(actor_of(ada), at + 20 * HOUR)["Open requests"][1:] == (
        "1 due within 6 h",
        "warn",
    )


def test_a_viewer_sees_their_catalogue_and_no_requests(
    actor_of: Callable[..., Actor], mia: Membership, at: datetime
) -> None:
    shown = values(actor_of(mia), at)

    assert "Open requests" not in shown
    assert shown["Tables and models you can see"][0] == "0"


def test_rounding_never_hides_a_late_request(
    actor_of: Callable[..., Actor], ada: Membership, at: datetime
) -> None:
    rows = [kept(ago=HOUR, took=HOUR)] * 4999 + [kept(ago=HOUR, took=2 * DAY)]

    shown = {figure.label: figure.value for figure in figures_for(actor_of(ada), at, rows)}

    assert shown["Kept within 24 h, 30 days"] == "99.9 %"


def test_each_day_of_the_chart_is_a_day_where_the_person_lives() -> None:
    rows = [
        kept(ago=timedelta(hours=13), took=HOUR),  # 23:00 UTC: the next day in Tokyo
        kept(ago=timedelta(0), took=2 * DAY),
    ]

    london = closed_per_day(rows, at=NOON, zone=UTC).bars
    tokyo = closed_per_day(rows, at=NOON, zone=ZoneInfo("Asia/Tokyo")).bars

    assert [bar.title for bar in london[-2:]] == [
        "9 Mar: 1 in time, 0 late",
        "10 Mar: 0 in time, 1 late",
    ]
    assert tokyo[-1].title == "10 Mar: 1 in time, 1 late"
