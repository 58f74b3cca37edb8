"""Letters about arrivals: a newcomer by single sign-on, a browser from somewhere new."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tenants.actions.entries import open_entry
from tenants.models import Entry, Membership, Organization
from tenants.resolving import RequestFacts, actor_for_member
from tests.cast import make_member

pytestmark = pytest.mark.django_db
Post = Callable[..., Any]
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64) Firefox/140.0"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) Safari/605"


def come_in(
    member: Membership, *, device: str = LAPTOP, address: str = "198.51.100.7", days_ago: int = 0
) -> Entry:
    return open_entry(
        member,
        actor=actor_for_member(member, facts=RequestFacts(address=address)),
        at=timezone.now() - timedelta(days=days_ago),
        session_key=f"{device}{address}{days_ago}"[-40:],
        method="password",
        device=device,
    )


def subjects(mails: Any) -> list[tuple[str, str]]:
    return sorted((mail.to[0].split("<")[-1].rstrip(">"), mail.subject) for mail in mails)


def test_a_newcomer_by_single_sign_on_is_told_and_so_are_the_admins(
    organization: Organization, ada: Membership, sia: Membership, post: Post
) -> None:
    post(organization)
    make_member(organization, "Erin Malone", "viewer", source="saml")

    assert subjects(post(organization)) == [
        ("ada@acme.test", "Erin Malone joined by single sign-on"),
        ("erin@acme.test", "You are in the workspace of Acme Health"),
    ]
    assert post(organization) == []


def test_who_was_invited_is_no_surprise(
    organization: Organization, ada: Membership, post: Post
) -> None:
    make_member(organization, "Leo Marsh", "viewer", source="invitation")

    assert post(organization) == []


def test_a_browser_from_somewhere_new_is_told_once(
    organization: Organization, mia: Membership, post: Post
) -> None:
    come_in(mia, days_ago=3)
    assert post(organization) == [], "a first sign-in is no surprise"

    come_in(mia, address="198.51.200.9")
    assert post(organization) == [], "the same browser in the same network"

    come_in(mia, device=PHONE)
    (mail,) = post(organization)
    assert mail.subject == "A sign-in from somewhere new"
    assert "iPhone" in mail.body
    come_in(mia, device=PHONE)
    assert post(organization) == []

    come_in(mia, address="203.0.113.5")
    assert [m.subject for m in post(organization)] == ["A sign-in from somewhere new"]


def test_what_was_seen_long_ago_is_new_again(
    organization: Organization, mia: Membership, post: Post
) -> None:
    come_in(mia, device=PHONE, days_ago=100)
    come_in(mia, days_ago=10)
    post(organization)

    come_in(mia, device=PHONE)

    assert len(post(organization)) == 1
