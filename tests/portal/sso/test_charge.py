"""Nobody comes to be in charge of a workspace by an identity provider naming their address."""

from collections.abc import Callable

import pytest
from allauth.socialaccount.models import SocialAccount
from django.db.models import QuerySet
from django.utils import timezone

from accounts.models import User
from portal.sso.census import take_census
from portal.sso.models import Connection
from portal.sso.refusals import Reason
from tenants.access import Actor
from tenants.actions.invitations import send_invitation
from tenants.models import Entry, Membership, Organization, Policy, Team, TeamMember
from tests.cast import open_session
from tests.portal.sso.conftest import Browser, Idp
from tests.portal.sso.passwords import SECRET, code_of

pytestmark = pytest.mark.django_db


def come(browser: Browser, idp: Idp, member: Membership) -> None:
    """The identity provider says that somebody of its own is this member."""
    browser.sign_in(idp, email=member.email, subject="rogue-0001")


def links_of(member: Membership) -> "QuerySet[SocialAccount]":
    rows: QuerySet[SocialAccount] = SocialAccount.objects.filter(user_id=member.user_id)
    return rows


def without_password(member: Membership) -> None:
    """An account that an identity provider made."""
    user = User.objects.get(email=member.email)
    user.set_unusable_password()
    user.save()


@pytest.fixture(params=["ada", "max_"])
def in_charge(request: pytest.FixtureRequest) -> Membership:
    member: Membership = request.getfixturevalue(request.param)
    return member


def test_an_address_alone_is_not_somebody_in_charge(
    in_charge: Membership, acme_idp: Idp, browser: Browser
) -> None:
    """Symptom: with a set-up link, or as an admin, one connected a provider and was the owner."""
    come(browser, acme_idp, in_charge)

    assert not browser.is_signed_in
    assert not Entry.objects.exists()
    assert not links_of(in_charge).exists()
    foretold = next(p for p in take_census(at=timezone.now()).people if p.member == in_charge)
    assert foretold.refusals[acme_idp.connection.pk] is Reason.NOT_LINKED


def test_in_the_browser_they_are_signed_in_with_it_is_and_from_then_on_everywhere(
    in_charge: Membership,
    acme_idp: Idp,
    browser: Browser,
    new_browser: Callable[[], Browser],
) -> None:
    open_session(browser, in_charge)

    come(browser, acme_idp, in_charge)
    elsewhere = new_browser()
    come(elsewhere, acme_idp, in_charge)

    for one in (browser, elsewhere):
        assert one.session["_auth_user_id"] == str(in_charge.user_id)
    assert Entry.objects.open().filter(method="saml").count() == 2


def test_somebody_elses_session_is_none_of_theirs(
    ada: Membership, max_: Membership, acme_idp: Idp, browser: Browser
) -> None:
    """The admin who connected the provider is signed in, and names the owner."""
    open_session(browser, max_)

    come(browser, acme_idp, ada)

    assert not links_of(ada).exists()
    assert not Entry.objects.open().filter(membership=ada).exists()


def test_a_session_that_this_workspace_did_not_let_in_is_not_enough(
    ada: Membership, acme_idp: Idp, browser: Browser
) -> None:
    browser.force_login(User.objects.get(email=ada.email))

    come(browser, acme_idp, ada)

    assert not Entry.objects.exists()


def test_their_own_second_factor_is_enough(
    ada_with_code: Membership, acme_idp: Idp, browser: Browser
) -> None:
    come(browser, acme_idp, ada_with_code)
    assert not browser.is_signed_in
    browser.post("/sign-in/code/", {"code": code_of(SECRET)})

    assert Entry.objects.open().get().membership == ada_with_code


def test_a_team_that_may_set_up_single_sign_on_counts_as_well(
    mia: Membership, organization: Organization, acme_idp: Idp, browser: Browser
) -> None:
    team = Team.objects.create(name="IT", permissions=["sso:manage"], created_at=timezone.now())
    TeamMember.objects.create(team=team, membership=mia)

    come(browser, acme_idp, mia)

    assert not browser.is_signed_in
    census = take_census(at=timezone.now())
    assert census.people[0].refusals[acme_idp.connection.pk] is Reason.NOT_LINKED


def test_who_has_no_other_way_in_depends_on_the_providers_word(
    ada: Membership, acme_idp: Idp, browser: Browser
) -> None:
    """Symptom: after a move to another provider, nobody provisioned by the old one came in."""
    without_password(ada)

    come(browser, acme_idp, ada)

    assert Entry.objects.open().get().membership == ada


def test_but_not_while_another_provider_knows_them(
    ada: Membership, acme_idp: Idp, browser: Browser, new_browser: Callable[[], Browser]
) -> None:
    """Symptom: a second provider, set up with a link, took an owner who has no password."""
    without_password(ada)
    come(browser, acme_idp, ada)
    links_of(ada).update(provider="saml-other")
    Connection.objects.create(
        name="Other",
        provider_id="saml-other",
        state="active",
        created_at=timezone.now(),
        activated_at=timezone.now(),
    )

    stolen = new_browser()
    come(stolen, acme_idp, ada)

    assert not stolen.is_signed_in


@pytest.mark.parametrize(("is_enforced", "role"), [(False, "viewer"), (True, "admin")])
def test_an_admins_invitation_needs_its_link_while_there_is_another_way_than_the_provider(
    is_enforced: bool,  # noqa: FBT001
    role: str,
    ada: Membership,
    acme_idp: Idp,
    actor_of: Callable[..., Actor],
    browser: Browser,
) -> None:
    """Symptom: whoever set up the provider named the address that was invited as an admin."""
    at = timezone.now()
    send_invitation(actor=actor_of(ada), at=at, email="boss@acme.test", role="admin")
    if is_enforced:
        Policy.objects.update(sso_enforced_at=at, sso_confirmed_at=at)

    browser.sign_in(acme_idp, email="boss@acme.test", subject="rogue-0002")

    assert Membership.objects.get(email="boss@acme.test").role == role


def test_others_are_recognised_by_the_proven_address(
    mia: Membership, acme_idp: Idp, browser: Browser
) -> None:
    come(browser, acme_idp, mia)

    assert Entry.objects.open().get().membership == mia


def test_the_page_says_what_to_do(ada: Membership, acme_idp: Idp, browser: Browser) -> None:
    refused = browser.sign_in(acme_idp, email=ada.email, subject="rogue-0001")

    assert refused.status_code == 403
    assert b"in the same browser" in refused.content
