"""Light, dark or as the device: kept with the person, and in the browser for the sign-in page."""

from collections.abc import Callable

import pytest
from django.test import Client

from accounts.models import User
from tenants.models import Membership


def test_the_choice_is_kept_with_the_person(
    client_of: Callable[..., Client], ada: Membership
) -> None:
    client = client_of(ada)

    answer = client.post("/theme/", {"theme": "dark", "next": "/o/acme/"})

    assert (answer.status_code, answer.headers["Location"]) == (302, "/o/acme/")
    assert User.objects.get(pk=ada.user_id).theme == "dark"
    assert 'data-theme="dark"' in client.get("/o/acme/").content.decode()


def test_a_stranger_keeps_it_in_the_browser(db: None) -> None:
    client = Client()

    client.post("/theme/", {"theme": "dark"})

    assert 'data-theme="dark"' in client.get("/").content.decode()


@pytest.mark.parametrize("goal", ["https://evil.test/", "//evil.test/", "javascript:alert(1)"])
def test_it_never_leads_away(db: None, goal: str) -> None:
    assert Client().post("/theme/", {"theme": "light", "next": goal}).headers["Location"] == "/"


@pytest.mark.parametrize("goal", ["abc", "home-show", "10:00", "²", ""])
def test_a_bare_word_to_go_on_to_is_not_a_fault(db: None, goal: str) -> None:
    assert Client().post("/theme/", {"theme": "light", "next": goal}).headers["Location"] == "/"


@pytest.mark.parametrize("theme", ["", "purple", 'dark"><script>'])
def test_another_word_is_refused_and_a_forged_cookie_is_ignored(db: None, theme: str) -> None:
    client = Client()
    client.cookies["theme"] = theme

    assert client.post("/theme/", {"theme": theme}).status_code == 400
    assert 'data-theme="system"' in client.get("/").content.decode()


def test_it_is_only_changed_by_a_form(db: None) -> None:
    assert Client().get("/theme/").status_code == 405
