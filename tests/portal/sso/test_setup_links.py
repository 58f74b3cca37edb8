"""A set-up link opens one set-up in one browser for one day, and nothing else."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from audit.models import Event
from audit.refusals import NotPermitted
from portal.sso.actions import (
    ConnectionStateWrong,
    SetupLinkTaken,
    activate_connection,
    create_connection,
    create_setup_link,
    open_setup_link,
    pass_test,
    revoke_setup_link,
)
from portal.sso.configuration import configuration_digest
from portal.sso.holding import actor_for_link, new_holder, signed_of
from portal.sso.models import Connection, Domain, SetupLink
from tenants import clock
from tenants.access import Actor, stranger, system_actor
from tenants.actions.members import contain_member
from tenants.models import Membership, Organization
from tests.cast import FACTS
from tests.portal.sso.conftest import Idp
from tests.portal.sso.nameserver import Nameserver, texts
from tests.portal.sso.test_connections import metadata
from tests.racing import race
from tests.routes import all_routes

pytestmark = pytest.mark.django_db
ActorOf = Callable[..., Actor]
ClientOf = Callable[..., Client]
_DIFFERS = ("nonce", "csrf", "CSRF", "next", "server-time")
SETUP_ROUTES = [
    route
    for route in all_routes()
    if route.pattern.startswith("setup/") and route.name != "setup-open"
]


@pytest.fixture
def link(actor_of: ActorOf, max_: Membership) -> SetupLink:
    return create_setup_link(actor=actor_of(max_), at=timezone.now())


def home_of(link: SetupLink) -> str:
    return f"/setup/{signed_of(link)}/"


@pytest.fixture
def holder(link: SetupLink) -> Client:
    """Somebody without an account, in the browser that opened the link."""
    client = Client()
    assert client.post(home_of(link)).status_code == 302
    return client


def test_an_it_person_without_an_account_sets_it_up(
    link: SetupLink, holder: Client, nameserver: Nameserver
) -> None:
    home = home_of(link)
    made = holder.post(f"{home}sso/new/", {"kind": "saml", "name": "Okta"})
    connection = Connection.objects.get()
    assert made["Location"] == f"{home}sso/{connection.pk}/configure/"
    holder.post(made["Location"], {"way": "document", "metadata": metadata()})
    holder.post(f"{home}domains/", {"name": "acme.example"})
    domain = Domain.objects.get()
    nameserver.replies["acme.example"] = texts("acme.example", domain.dns_record)
    holder.post(f"{home}domains/{domain.pk}/verify/")
    connection = Connection.objects.get()
    assert connection.idp_sso_url == "https://idp.acme.test/sso"
    assert Domain.objects.get().verified_at is not None

    holder.post(f"{home}sso/{connection.pk}/activate/")
    assert Connection.objects.get().state == "draft"  # nothing has passed a test yet
    opened = SetupLink.objects.get()
    actor = actor_for_link(opened, opened.organization, facts=FACTS)
    digest = configuration_digest(connection)
    pass_test(connection, actor=actor, at=timezone.now(), digest=digest)
    holder.post(f"{home}sso/{connection.pk}/activate/")

    assert Connection.objects.get().state == "active"
    acts = Event.objects.filter(name="connection.activated").get()
    assert (acts.actor_kind, acts.actor_id) == ("setup_link", link.pk)


def test_looking_at_the_first_page_uses_nothing_up(link: SetupLink) -> None:
    """A mail scanner follows every link; the person would find it used."""
    page = Client().get(home_of(link))

    assert page.status_code == 200
    assert b"Acme Health" in page.content
    assert SetupLink.objects.get().opened_at is None


def test_a_second_browser_gets_a_clear_page(link: SetupLink, holder: Client) -> None:
    other = Client()

    for method in ("get", "post"):
        answer = getattr(other, method)(home_of(link))
        assert answer.status_code == 410
        assert b"another browser" in answer.content
        assert b"Acme" not in answer.content
    assert other.get(f"{home_of(link)}sso/").status_code == 404


def test_the_holder_comes_back(link: SetupLink, holder: Client) -> None:
    again = holder.get(home_of(link), follow=True)

    assert again.status_code == 200
    assert again.redirect_chain[-1][0] == f"{home_of(link)}sso/"


@pytest.mark.parametrize("route", SETUP_ROUTES, ids=str)
def test_without_the_cookie_no_page_exists(route: object, link: SetupLink, holder: Client) -> None:
    """Alike whether the link is ours, opened, or made up."""
    assert len(SETUP_ROUTES) > 10
    there = route.address()  # type: ignore[attr-defined]
    for method in route.methods:  # type: ignore[attr-defined]
        with_ours = Client().generic(method, there.replace("/setup/nothing/", home_of(link)))
        with_none = Client().generic(method, there)

        assert with_ours.status_code == with_none.status_code == 404
        assert _words(with_ours.content) == _words(with_none.content)


def _words(content: bytes) -> list[str]:
    """The page without what differs in every answer."""
    lines = content.decode().splitlines()
    return [line for line in lines if not any(w in line for w in _DIFFERS)]


def revoke(link: SetupLink, max_: Membership, actor_of: ActorOf) -> None:
    revoke_setup_link(link, actor=actor_of(max_), at=timezone.now())


def block_giver(link: SetupLink, max_: Membership, actor_of: ActorOf) -> None:
    contain_member(max_, actor=system_actor(max_.organization), at=timezone.now())


def take_giver_s_right(link: SetupLink, max_: Membership, actor_of: ActorOf) -> None:
    Membership.objects.filter(pk=max_.pk).update(role="viewer")


def expire(link: SetupLink, max_: Membership, actor_of: ActorOf) -> None:
    SetupLink.objects.update(expires_at=clock.now())


def finish(link: SetupLink, max_: Membership, actor_of: ActorOf) -> None:
    SetupLink.objects.update(finished_at=timezone.now())


ENDS = [revoke, block_giver, take_giver_s_right, expire, finish]


@pytest.mark.parametrize("end", ENDS)
def test_it_opens_nothing_once_it_is_over(
    end: Callable[..., None],
    ada: Membership,
    max_: Membership,
    link: SetupLink,
    holder: Client,
    actor_of: ActorOf,
) -> None:
    """Effective on the next request, in the middle of somebody's work."""
    home = home_of(link)
    assert holder.get(f"{home}sso/").status_code == 200
    end(link, max_, actor_of)

    assert holder.get(f"{home}sso/").status_code == 404
    answer = holder.post(f"{home}sso/new/", {"kind": "saml", "name": "Okta"})
    assert answer.status_code == 404
    assert holder.get(home).status_code == 410
    assert not Connection.objects.exists()


@pytest.mark.parametrize("end", ENDS)
def test_a_request_that_arrives_slowly_does_nothing_after_the_end(
    end: Callable[..., None],
    ada: Membership,
    max_: Membership,
    link: SetupLink,
    holder: Client,
    actor_of: ActorOf,
) -> None:
    """The actor was made while the link was open; the body came after."""
    opened = SetupLink.objects.get()
    actor = actor_for_link(opened, opened.organization, facts=FACTS)
    end(link, max_, actor_of)

    with pytest.raises(NotPermitted):
        create_connection(actor=actor, at=timezone.now(), name="Late")

    assert not Connection.objects.exists()


def test_it_lasts_one_day(link: SetupLink, holder: Client) -> None:
    with clock.shifted(timedelta(hours=23, minutes=59)):
        assert holder.get(f"{home_of(link)}sso/").status_code == 200
    with clock.shifted(timedelta(hours=24)):
        assert holder.get(f"{home_of(link)}sso/").status_code == 404


def test_it_reaches_its_own_connection_only(
    link: SetupLink, holder: Client, acme_idp: Idp, globex_idp: Idp
) -> None:
    home = home_of(link)
    for other in (acme_idp, globex_idp):
        assert holder.get(f"{home}sso/{other.connection.pk}/").status_code == 404
        there = f"{home}sso/{other.connection.pk}/disable/"
        assert holder.post(there).status_code == 404

    assert {c.state for c in Connection.objects.all()} == {"active"}
    holder.post(f"{home}sso/new/", {"kind": "saml", "name": "First"})
    holder.post(f"{home}sso/new/", {"kind": "saml", "name": "Second"})
    assert not Connection.objects.filter(name="Second").exists()


def test_it_is_no_way_into_the_workspace(link: SetupLink, holder: Client) -> None:
    for path in ("/o/acme/", "/o/acme/sso/", "/o/acme/settings/", "/o/acme/members/"):
        assert holder.get(path)["Location"].startswith("/?next=")
    assert holder.get("/api/v1/me").status_code == 401


def test_no_member_is_named_to_the_holder(
    link: SetupLink, holder: Client, ada: Membership, acme_idp: Idp
) -> None:
    page = holder.get(f"{home_of(link)}sso/").content.decode()

    for member in Membership.objects.all():
        assert member.name not in page
        assert member.email not in page


def test_two_browsers_at_once_and_one_is_in(
    organization: Organization, link: SetupLink, transactional_db: None, at: datetime
) -> None:
    def attempt() -> object:
        _secret, digest = new_holder()
        return open_setup_link(
            link, actor=stranger(organization), at=at, version=link.version, digest=digest
        )

    results = race([attempt, attempt, attempt], organization_id=organization.pk)

    assert sum(isinstance(result, SetupLink) for result in results) == 1
    assert sum(isinstance(result, SetupLinkTaken) for result in results) == 2


def test_made_by_an_admin_and_shown_once(client_of: ClientOf, max_: Membership) -> None:
    client = client_of(max_)
    made = client.post("/o/acme/sso/links/", {"email": ""})
    link = SetupLink.objects.get()

    assert home_of(link).encode() in made.content
    assert home_of(link).encode() not in client.get("/o/acme/sso/links/").content
    client.post(f"/o/acme/sso/links/{link.pk}/revoke/")
    assert SetupLink.objects.get().revoked_at is not None
    assert Client().get(home_of(link)).status_code == 410


def test_making_one_asks_for_a_step_up(client_of: ClientOf, max_: Membership) -> None:
    answer = client_of(max_, stepped_up=False).post("/o/acme/sso/links/", {"email": ""})

    assert answer["Location"].startswith("/o/acme/step-up/")
    assert not SetupLink.objects.exists()


def test_auditors_see_links_and_make_and_revoke_none(
    client_of: ClientOf, aud: Membership, link: SetupLink
) -> None:
    client = client_of(aud)

    assert client.get("/o/acme/sso/links/").status_code == 200
    assert client.post("/o/acme/sso/links/", {"email": ""}).status_code == 403
    assert client.post(f"/o/acme/sso/links/{link.pk}/revoke/").status_code == 403
    assert SetupLink.objects.filter(revoked_at=None).count() == 1


def test_viewers_and_outsiders_see_no_links(
    client_of: ClientOf, mia: Membership, ned: Membership, link: SetupLink
) -> None:
    assert client_of(mia).get("/o/acme/sso/links/").status_code == 403
    outsider = client_of(ned)
    assert outsider.get("/o/acme/sso/links/").status_code == 404
    assert outsider.post(f"/o/globex/sso/links/{link.pk}/revoke/").status_code == 404
    assert SetupLink.objects.get().revoked_at is None


def test_no_link_into_a_connection_that_people_use(
    actor_of: ActorOf, max_: Membership, acme_idp: Idp
) -> None:
    with pytest.raises(ConnectionStateWrong):
        create_setup_link(actor=actor_of(max_), at=timezone.now(), connection=acme_idp.connection)


def test_a_link_begets_no_link(link: SetupLink, holder: Client) -> None:
    opened = SetupLink.objects.get()
    actor = actor_for_link(opened, opened.organization, facts=FACTS)

    with pytest.raises(NotPermitted):
        create_setup_link(actor=actor, at=timezone.now())


def test_it_activates_nothing_untested(link: SetupLink, holder: Client) -> None:
    holder.post(f"{home_of(link)}sso/new/", {"kind": "saml", "name": "Okta"})
    opened = SetupLink.objects.get()
    actor = actor_for_link(opened, opened.organization, facts=FACTS)

    with pytest.raises(Exception, match="metadata first"):
        activate_connection(Connection.objects.get(), actor=actor, at=timezone.now())


def test_giving_it_back_ends_it(link: SetupLink, holder: Client) -> None:
    answer = holder.post(f"{home_of(link)}finish/")

    assert b"Thank you" in answer.content
    assert SetupLink.objects.get().finished_at is not None
    assert holder.get(f"{home_of(link)}sso/").status_code == 404
