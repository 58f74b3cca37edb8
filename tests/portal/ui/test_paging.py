"""Pages by the values of the last row."""

import base64
from datetime import datetime, timedelta

import pytest

from audit.refusals import Malformed
from portal.ui.paging import keyset
from tenants.models import Organization, Team

ORDER = ("-visibility", "-created_at", "id")


@pytest.fixture
def teams(organization: Organization, at: datetime) -> list[Team]:
    kinds = (Team.Visibility.PUBLIC, Team.Visibility.PRIVATE)
    return [
        Team.objects.create(
            name=f"Team {n:02}",
            visibility=kinds[n % 2],
            created_at=at - timedelta(hours=n // 3),  # several share an instant
        )
        for n in range(11)
    ]


def test_every_row_is_seen_once_and_in_order(teams: list[Team]) -> None:
    seen: list[str] = []
    cursor = ""

    while True:
        found = keyset(Team.objects.all(), order=ORDER, cursor=cursor, size=4)
        seen += [row.name for row in found.rows]
        cursor = found.next_cursor
        if not cursor:
            break

    assert seen == [team.name for team in Team.objects.order_by(*ORDER)]
    assert len(seen) == len(set(seen)) == len(teams)


def test_a_full_last_page_has_no_next(teams: list[Team]) -> None:
    assert keyset(Team.objects.all(), order=("id",), cursor="", size=11).next_cursor == ""


@pytest.mark.parametrize(
    "cursor",
    [
        "nonsense",
        "é",
        "a" * 5000,
        base64.urlsafe_b64encode(b'["x"]').decode(),
        base64.urlsafe_b64encode(b'[{"a":1},"b","c"]').decode(),
        base64.urlsafe_b64encode(b'["a\\u0000","2026-01-01","c"]').decode(),
        base64.urlsafe_b64encode(b'["public","2026-01-01","not-a-uuid"]').decode(),
        base64.urlsafe_b64encode(b"[" * 900).decode(),
    ],
)
def test_a_cursor_this_listing_did_not_give_is_refused(teams: list[Team], cursor: str) -> None:
    with pytest.raises(Malformed):
        keyset(Team.objects.all(), order=ORDER, cursor=cursor)
