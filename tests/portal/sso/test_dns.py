"""What the DNS says, and what it does not say, told apart over real packets."""

from typing import Any

import dns.rcode
import pytest

from portal.sso import dns as lookups
from portal.sso.dns import TextRecords, text_records
from tests.portal.sso.nameserver import (
    Nameserver,
    alias,
    empty,
    fails,
    silent,
    texts,
)

NAME = "acme.example"


def test_records_of_the_name_itself(nameserver: Nameserver) -> None:
    nameserver.replies[NAME] = texts(NAME, "v=spf1 -all", "one=two")

    assert text_records(NAME) == TextRecords(frozenset({"v=spf1 -all", "one=two"}))


def test_a_record_in_several_strings_is_one_text(nameserver: Nameserver) -> None:
    nameserver.replies[NAME] = texts(NAME, ("gatehouse-domain-", "verification=", "abc"))

    assert "gatehouse-domain-verification=abc" in text_records(NAME).texts


def test_fifty_records_come_over_tcp(nameserver: Nameserver) -> None:
    nameserver.replies[NAME] = texts(NAME, *(f"value-{n:02}-{'x' * 80}" for n in range(50)))

    assert len(text_records(NAME).texts) == 50
    assert nameserver.over_tcp == 1


@pytest.mark.parametrize("reply", [fails(dns.rcode.NXDOMAIN), empty])
def test_a_name_without_records_has_none(nameserver: Nameserver, reply: Any) -> None:
    nameserver.replies[NAME] = reply

    assert text_records(NAME) == TextRecords()


@pytest.mark.parametrize("reply", [fails(dns.rcode.SERVFAIL), fails(dns.rcode.REFUSED), silent])
def test_no_answer_is_not_an_answer(nameserver: Nameserver, reply: Any) -> None:
    nameserver.replies[NAME] = reply

    found = text_records(NAME)

    assert found.texts == frozenset()
    assert found.failure


def test_an_alias_says_nothing_about_the_name(nameserver: Nameserver) -> None:
    """Whoever runs the target could write our token there, and own the customer's addresses."""
    nameserver.replies[NAME] = alias(NAME, "pages.host.example", "the-token")

    assert text_records(NAME) == TextRecords(alias_of="pages.host.example")


def test_bytes_that_are_no_text_do_not_hurt(nameserver: Nameserver) -> None:
    nameserver.replies[NAME] = texts(NAME, "\\255\\000caf\\233", "plain")

    assert "plain" in text_records(NAME).texts


def test_an_answer_to_another_question_is_no_answer(nameserver: Nameserver) -> None:
    nameserver.replies[NAME] = texts("evil.example", "the-token")

    assert "the-token" not in text_records(NAME).texts


def test_a_resolver_that_is_not_there_is_a_failure(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lookups, "PATIENCE", 0.3)
    settings.DNS_RESOLVERS = ["127.0.0.1:9", "[::1]:9"]

    assert text_records(NAME).failure


def test_the_name_is_never_completed_with_a_search_domain(nameserver: Nameserver) -> None:
    text_records("acme")

    assert set(nameserver.asked) == {"acme"}
