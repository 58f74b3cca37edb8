"""Each rule by itself: expected, received, what to change; safe on what a stranger sends."""

import pytest
from django.utils import timezone

from portal.sso.connecting import keys_of, parties_of
from portal.sso.development.keys import make_key
from portal.sso.development.responses import build_response, encode, sign_assertion
from portal.sso.models import Connection
from portal.sso.refusals import Reason, SignInRefused
from portal.sso.saml.explaining import explain
from portal.sso.saml.validating import validate_response
from portal.sso.verdicts import Check
from tests.portal.sso import forging as f
from tests.portal.sso.conftest import Idp
from tests.portal.sso.encrypting import CBC, Recipe, encrypt, our_certificate
from tests.portal.sso.test_saml_battery import CASES

pytestmark = pytest.mark.django_db

# Decided by what is stored, after the document itself was found right.
BY_WHAT_IS_STORED = {Reason.FOREIGN_DOMAIN, Reason.OTHER_BROWSER}


def checks_of(idp: Idp, response: object) -> dict[str, Check]:
    encoded = response if isinstance(response, str) else encode(response)  # type: ignore[arg-type]
    connection = Connection.objects.get(pk=idp.connection.pk)
    return {check.rule: check for check in explain(encoded, connection, at=timezone.now())}


def failed(checks: dict[str, Check]) -> list[str]:
    return [rule for rule, check in checks.items() if not check.passed]


def test_true_response_keeps_every_rule(acme_idp: Idp) -> None:
    checks = checks_of(acme_idp, acme_idp.response())

    assert failed(checks) == []
    assert len(checks) == 15
    assert all(check.expected and check.received for check in checks.values())
    assert "first certificate" in checks["Signature"].received
    assert "rsa-sha256" in checks["Signature algorithm"].received
    assert "erin" not in repr(checks)


def test_says_which_slot_matched(acme_idp: Idp) -> None:
    following = make_key("following")
    Connection.objects.update(next_certificate=following.certificate_pem.decode())
    response = build_response(acme_idp.statement())
    sign_assertion(response, following)

    assert "second certificate" in checks_of(acme_idp, response)["Signature"].received


def test_foreign_key_is_told_from_a_changed_document(acme_idp: Idp) -> None:
    foreign = checks_of(acme_idp, f.wrong_key(acme_idp, "_r"))
    changed = checks_of(acme_idp, f.changed_after_signing(acme_idp, "_r"))

    assert failed(foreign) == failed(changed) == ["Signature"]
    assert "Add the identity provider's current signing certificate" in foreign["Signature"].fix
    assert foreign["Signature"].received.startswith("SHA-256 ")
    assert "changed after signing" in changed["Signature"].fix


def test_several_faults_are_all_named(acme_idp: Idp) -> None:
    checks = checks_of(
        acme_idp, acme_idp.response(audience="https://x.test/", email="", issuer="https://y.test/")
    )

    assert failed(checks) == ["Issuer", "Audience", "E-mail address"]
    assert checks["Audience"].received == "https://x.test/"
    assert checks["Issuer"].expected == "https://idp.acme.test/metadata"


def test_notes_what_would_be_better(acme_idp: Idp) -> None:
    by_address = f.edited(
        ".//s:NameID", Format="urn:oasis:names:tc:SAML:1.1:nameid-format:emailAddress"
    )
    checks = checks_of(acme_idp, by_address(acme_idp, "_r"))

    assert checks["NameID"].passed
    assert "persistent" in checks["NameID"].fix
    nameless = checks_of(acme_idp, acme_idp.response(name=""))
    assert nameless["Name"].passed
    assert "displayName" in nameless["Name"].fix


def test_names_the_encryption(acme_idp: Idp) -> None:
    certificate = our_certificate(acme_idp)
    good = checks_of(acme_idp, encrypt(acme_idp.response(), certificate))["Encryption"]
    poor = checks_of(acme_idp, encrypt(acme_idp.response(), certificate, Recipe(data=CBC)))

    assert good.received == "aes256-gcm, certificate in use"
    assert poor["Encryption"].passed
    assert "GCM" in poor["Encryption"].fix


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.replace(" ", "-"))
def test_agrees_with_the_verdict(acme_idp: Idp, case: str) -> None:
    """What is refused has a rule that was broken, and a sentence about mending it."""
    forge, reasons = CASES[case]
    forged = forge(acme_idp, "_request")
    encoded = forged if isinstance(forged, str) else encode(forged)
    connection, at = acme_idp.connection, timezone.now()
    checks = explain(encoded, connection, at=at)
    try:
        validate_response(encoded, parties_of(connection), at=at, keys=keys_of(connection))
    except SignInRefused:
        broken = [check for check in checks if not check.passed]
        assert broken
        assert all(check.fix for check in broken)
    else:
        assert reasons <= BY_WHAT_IS_STORED
        assert all(check.passed for check in checks)
