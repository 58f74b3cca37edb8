"""What a view declares, and what happens when it is not met."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.messages.storage.cookie import CookieStorage
from django.http import HttpResponse
from django.test import RequestFactory
from django_htmx.middleware import HtmxDetails

from audit.models import Event
from audit.refusals import Invalid, Refusal
from portal.ui.needs import needs
from tenants.access import Actor
from tenants.models import Membership
from tenants.permissions import Permission

Ask = Callable[..., HttpResponse]


@needs(Permission.TICKET_VIEW, methods=("GET", "POST"), refusal_to=lambda _request: "/back/")
def sample(request: Any, **_kwargs: object) -> HttpResponse:
    if request.GET.get("refuse"):
        raise Refusal("Not while it is running.")
    if request.GET.get("invalid"):
        raise Invalid("Look at this:", {"name": "Too long."})
    return HttpResponse("seen")


@needs(None, step_up=True)
def delicate(request: Any) -> HttpResponse:
    return HttpResponse("seen")


@pytest.fixture
def ask(actor_of: Callable[..., Actor], at: Any) -> Ask:
    def send(
        view: Any, member: Membership, *, method: str = "get", path: str = "/", **how: Any
    ) -> HttpResponse:
        request: Any = getattr(RequestFactory(), method)(path, headers=how.pop("headers", {}))
        request.user, request.at = member.user, at
        request.organization = member.organization
        request.actor = actor_of(member, **how)
        request.htmx = HtmxDetails(request)
        request.csp_nonce = "nonce"
        request._messages = CookieStorage(request)
        answer: HttpResponse = view(request, slug="acme")
        return answer

    return send


def test_a_holder_gets_the_page_and_the_slug_stays_outside(ask: Ask, ada: Membership) -> None:
    assert ask(sample, ada).content == b"seen"


def test_a_member_without_the_permission_gets_403_and_leaves_a_trace(
    ask: Ask, mia: Membership
) -> None:
    answer = ask(sample, mia)

    assert answer.status_code == 403
    assert "Your role does not include" in answer.content.decode()
    assert Event.objects.filter(name="action.refused", outcome="refused").count() == 1


def test_an_undeclared_method_is_405(ask: Ask, ada: Membership) -> None:
    assert ask(sample, ada, method="delete").status_code == 405
    assert ask(delicate, ada, method="post").status_code == 405


def test_a_refused_page_says_why(ask: Ask, ada: Membership) -> None:
    answer = ask(sample, ada, path="/?refuse=1")

    assert answer.status_code == 409
    assert "Not while it is running." in answer.content.decode()


def test_a_refused_form_goes_back_with_the_reason(ask: Ask, ada: Membership) -> None:
    answer = ask(sample, ada, method="post", path="/?invalid=1")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/back/")


def test_a_refused_form_of_htmx_moves_the_whole_window(ask: Ask, ada: Membership) -> None:
    answer = ask(sample, ada, method="post", path="/?refuse=1", headers={"HX-Request": "true"})

    assert answer.headers["HX-Redirect"] == "/back/"


def test_a_stale_session_is_sent_to_prove_itself_first(ask: Ask, ada: Membership) -> None:
    answer = ask(delicate, ada, path="/o/acme/tokens/", stepped_up=False)

    assert answer.status_code == 302
    assert answer.headers["Location"].endswith("/step-up/?next=%2Fo%2Facme%2Ftokens%2F")


def test_a_fresh_session_passes(ask: Ask, ada: Membership) -> None:
    assert ask(delicate, ada).content == b"seen"
