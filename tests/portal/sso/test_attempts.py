"""The flight recorder: what is kept of a sign-in, who finds it, and what a flood cannot do."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.identifiers import uuid7_floor
from portal.sso import recording
from portal.sso.models import SignInAttempt
from portal.sso.recording import notes_of, record_refused
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.rules import ATTEMPTS_LAST, normalized_reference
from portal.sso.sweeps import forget_attempts
from portal.sso.verdicts import Check
from tenants.models import Membership
from tests.portal.sso.conftest import Browser, Idp

pytestmark = pytest.mark.django_db
HOME = "/o/acme/sso/attempts/"


def latest() -> SignInAttempt:
    found = SignInAttempt.objects.order_by("-id").first()
    assert found is not None
    return found


def fill(idp: Idp, count: int, **values: Any) -> None:
    for _ in range(count):
        SignInAttempt.objects.create(
            connection=idp.connection,
            reference=recording.new_reference(),
            at=timezone.now(),
            **values,
        )


def test_a_sign_in_is_kept_with_its_person_and_masked_claims(
    browser: Browser, acme_idp: Idp
) -> None:
    browser.sign_in(acme_idp)

    kept = latest()
    assert kept.accepted
    assert not kept.is_stranger
    assert kept.membership == Membership.objects.get(email="erin@acme.test")
    assert kept.address == "127.0.0.1"
    assert kept.request_id
    said = str(kept.claims)
    assert "e…@acme.test" in said
    assert "erin@acme.test" not in said
    assert "Malone" not in said


def test_a_refused_person_is_recognised_when_something_was_proven(
    browser: Browser, acme_idp: Idp, new_browser: Callable[[], Browser]
) -> None:
    browser.sign_in(acme_idp)
    new_browser().sign_in(acme_idp, email="erin@evil.test")

    kept = latest()
    assert kept.reason == Reason.FOREIGN_DOMAIN
    assert kept.membership == Membership.objects.get(email="erin@acme.test")
    assert not kept.is_stranger


def test_what_proves_nothing_is_a_strangers(browser: Browser, acme_idp: Idp) -> None:
    browser.bring(acme_idp, "bm90IHhtbA==")

    kept = latest()
    assert kept.is_stranger
    assert kept.membership is None
    assert [check["passed"] for check in kept.checks][-1] is False


def test_a_flood_pushes_out_strangers_only(
    acme_idp: Idp, browser: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The admin must still find the refused colleague of this morning after a night of garbage."""
    monkeypatch.setattr(recording, "STRANGERS_KEPT", 5)
    browser.sign_in(acme_idp)
    browser.sign_in(acme_idp, email="erin@evil.test")
    proven = set(SignInAttempt.objects.values_list("pk", flat=True))

    for _ in range(9):
        browser.bring(acme_idp, "bm90IHhtbA==")

    assert SignInAttempt.objects.filter(is_stranger=True).count() == 5
    assert set(SignInAttempt.objects.filter(is_stranger=False).values_list("pk", flat=True)) == (
        proven
    )


def test_recording_costs_the_same_with_few_and_many_rows(acme_idp: Idp) -> None:
    counts = []
    for more in (0, 0, 60):  # the first makes the key that seals a stranger's address
        fill(acme_idp, more, reason=Reason.NOT_XML, is_stranger=True)
        request = RequestFactory().get("/")
        with CaptureQueriesContext(database) as queries:
            record_refused(
                request, acme_idp.connection, SignInRefused(Reason.NOT_XML), at=timezone.now()
            )
        counts.append(len(queries))

    assert counts[1] == counts[2]


def test_attempts_are_kept_for_ninety_days(acme_idp: Idp) -> None:
    now = timezone.now()
    for age in (ATTEMPTS_LAST - timedelta(minutes=1), ATTEMPTS_LAST + timedelta(minutes=1)):
        fill(acme_idp, 1, id=uuid7_floor(now - age))

    forget_attempts(now)

    assert SignInAttempt.objects.count() == 1


def test_notes_of_a_test_login_are_kept_as_such(acme_idp: Idp) -> None:
    request = RequestFactory().get("/")
    notes_of(request).is_test = True
    notes_of(request).checks = [Check("Audience", passed=True, expected="a", received="a")]

    record_refused(
        request,
        acme_idp.connection,
        SignInRefused(Reason.AUDIENCE, received="b"),
        at=timezone.now(),
    )

    kept = latest()
    assert kept.is_test
    assert kept.is_stranger  # a draft's address is as open as any
    assert kept.checks[0]["rule"] == "Audience"


def test_the_reference_a_person_reads_out_leads_to_the_page(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp, browser: Browser
) -> None:
    refused = browser.sign_in(acme_idp, email="erin@evil.test")
    kept = latest()
    assert kept.reference in refused.content.decode()
    typed = kept.reference.lower().replace("-", " ")

    page = client_of(max_).get(HOME, {"q": f" {typed} "}, follow=True)

    assert page.redirect_chain == [(f"{HOME}{kept.reference}/", 302)]
    said = page.content.decode()
    assert "proven to own" in said
    assert "evil.test" in said
    assert "127.0.0.1" in said
    assert "A sign-in of Our IdP was refused" in said  # the audit log's own sentence
    assert "erin@evil.test" not in said


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("SI-7KQ2MX9", "SI-7KQ2MX9"),
        (" si 7kq2-mx9 ", "SI-7KQ2MX9"),
        ("7kq2mx9", "SI-7KQ2MX9"),
        ("", ""),
        ("  - ", ""),
        ("\u2167\u0000<", ""),
    ],
)
def test_a_reference_is_read_as_it_was_heard(typed: str, meant: str) -> None:
    assert normalized_reference(typed) == meant


def test_the_list_is_narrowed(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp
) -> None:
    fill(acme_idp, 1)
    fill(acme_idp, 1, reason=Reason.EXPIRED)
    fill(acme_idp, 1, reason=Reason.AUDIENCE, is_test=True)
    client = client_of(max_)

    def shown(**wanted: str) -> int:
        return len(client.get(HOME, wanted).context["lines"])

    assert shown() == 3
    assert shown(outcome="accepted") == 1
    assert shown(outcome="refused") == 2
    assert shown(reason="expired") == 1
    assert shown(kind="test") == 1
    assert shown(kind="real", outcome="refused") == 1
    assert shown(connection=str(acme_idp.connection.pk)) == 3
    assert shown(q="SI-2222222") == 0


@pytest.mark.parametrize(
    "wanted",
    [
        {"connection": "not-an-id"},
        {"connection": "01900000-0000-7000-8000-000000000000"},
        {"reason": "nonsense"},
        {"outcome": "\x00"},
        {"q": "x" * 100},
    ],
)
def test_a_filter_that_does_not_hold_shows_nothing_and_says_so(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp, wanted: dict[str, str]
) -> None:
    fill(acme_idp, 1)

    page = client_of(max_).get(HOME, wanted)

    assert page.status_code == 200
    assert page.context["lines"] == []
    assert page.context["form"].errors


def test_a_made_up_cursor_is_bad_input(client_of: Callable[..., Client], max_: Membership) -> None:
    assert client_of(max_).get(HOME, {"cursor": "e30"}).status_code == 400


def test_pages_go_on_where_the_last_one_ended(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp
) -> None:
    fill(acme_idp, 60)
    client = client_of(max_)

    first = client.get(HOME)
    rest = client.get(HOME, {"cursor": first.context["page"].next_cursor})

    assert (len(first.context["lines"]), len(rest.context["lines"])) == (50, 10)


def test_auditors_read_it_viewers_and_others_do_not(
    client_of: Callable[..., Client],
    aud: Membership,
    mia: Membership,
    ned: Membership,
    acme_idp: Idp,
    browser: Browser,
) -> None:
    browser.sign_in(acme_idp)
    there = f"{HOME}{latest().reference}/"

    assert client_of(aud).get(there).status_code == 200
    assert client_of(mia).get(there).status_code == 403
    assert client_of(mia).get(HOME).status_code == 403
    assert client_of(ned).get(there).status_code == 404
    assert client_of(ned).get(there.replace("acme", "globex")).status_code == 404


def test_the_list_makes_the_same_queries_for_two_and_for_forty(
    client_of: Callable[..., Client], max_: Membership, acme_idp: Idp, mia: Membership
) -> None:
    client, counts = client_of(max_), []
    for more in (2, 38):
        fill(acme_idp, more, membership=mia)
        with CaptureQueriesContext(database) as queries:
            assert client.get(HOME).status_code == 200
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_a_refused_person_reads_whom_to_ask(browser: Browser, acme_idp: Idp) -> None:
    plain = browser.sign_in(acme_idp, email="erin@evil.test").content.decode()
    assert "Ask an admin of Acme Health for help." in plain

    acme_idp.connection.help_contact = "IT desk, ext. 4711 <b>"
    acme_idp.connection.save(update_fields=["help_contact"])
    told = browser.sign_in(acme_idp, email="erin@evil.test").content.decode()

    assert "IT desk, ext. 4711 &lt;b&gt;" in told


def test_the_api_gives_the_same(
    call_as: Callable[..., Any], max_: Membership, mia: Membership, acme_idp: Idp, at: datetime
) -> None:
    fill(acme_idp, 1, membership=mia, claims={"groups": ["ops"]})
    fill(acme_idp, 1, reason=Reason.EXPIRED, checks=[Check("Times", passed=False).as_row()])
    call = call_as(max_, ["sso:view"])

    both = call("sso/attempts").json()["results"]
    assert [row["accepted"] for row in both] == [False, True]
    assert both[1]["member"] == str(mia.pk)
    assert both[1]["claims"] == {"groups": ["ops"]}
    found = call("sso/attempts", reference=both[0]["reference"].lower()).json()["results"]
    assert [row["checks"][0]["rule"] for row in found] == ["Times"]
    one = call(f"sso/attempts/{both[0]['id']}")
    assert one.json()["reason"] == "expired"
    assert call("sso/attempts", reason="nonsense").status_code == 422
    assert call("sso/attempts/01900000-0000-7000-8000-000000000000").status_code == 404
    assert call_as(max_, ["member:view"])("sso/attempts").status_code == 403
