"""The side bar shows what a role may open, and where one is."""

from collections.abc import Callable

from portal.ui.navigation import FIRST_PAGE, navigation_for
from tenants.access import Actor
from tenants.models import Membership
from tenants.scoping import organization_scope


def labels(actor: Actor, path: str = "/o/acme/") -> list[str]:
    sections = navigation_for(actor, area="workspace", path=path)
    return [link.label for section in sections for link in section.links]


def test_each_sees_the_entries_of_their_role(
    actor_of: Callable[..., Actor], ada: Membership, mia: Membership
) -> None:
    assert {"Overview", "Requests", "People"} <= set(labels(actor_of(ada)))
    assert {"Requests", "People", "Audit log"}.isdisjoint(labels(actor_of(mia)))


def test_exactly_one_entry_is_current(actor_of: Callable[..., Actor], ada: Membership) -> None:
    for path, expected in (
        ("/o/acme/", "Overview"),
        ("/o/acme/requests/REV-1001/", "Requests"),
        ("/o/acme/search/", None),
    ):
        sections = navigation_for(actor_of(ada), area="workspace", path=path)
        current = [link.label for s in sections for link in s.links if link.current]
        assert current == ([expected] if expected else [])


def test_the_first_page_is_known_by_its_address() -> None:
    assert FIRST_PAGE.fullmatch("/o/acme/")
    assert not FIRST_PAGE.fullmatch("/o/acme/members/")


def test_every_entry_leads_somewhere(
    actor_of: Callable[..., Actor], ada: Membership, opal: Membership, sam: Membership
) -> None:
    for area, member in (("workspace", ada), ("console", opal), ("console", sam)):
        with organization_scope(member.organization_id):
            sections = navigation_for(actor_of(member), area=area, path="/")
            urls = [link.url for section in sections for link in section.links]
        assert urls
        assert len(urls) == len(set(urls))
