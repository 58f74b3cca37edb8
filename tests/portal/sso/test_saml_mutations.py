"""A true response changed at random: refused with a reason, never a fault and never a way in."""

import base64
import copy
from random import Random

import pytest
from django.utils import timezone
from lxml import etree

from portal.sso.connecting import keys_of, parties_of
from portal.sso.models import Connection
from portal.sso.refusals import SignInRefused
from portal.sso.saml.explaining import explain
from portal.sso.saml.profile import VerifiedAssertion
from portal.sso.saml.validating import validate_response
from tests.portal.sso.conftest import Idp
from tests.portal.sso.encrypting import encrypt, our_certificate

pytestmark = pytest.mark.django_db

ROUNDS = 150


def looked_at(encoded: str, connection: Connection) -> VerifiedAssertion | None:
    at = timezone.now()
    checks = explain(encoded, connection, at=at)
    assert checks
    try:
        return validate_response(encoded, parties_of(connection), at=at, keys=keys_of(connection))
    except SignInRefused:
        return None


def with_bytes_changed(document: bytes, random: Random) -> bytes:
    """Some bytes replaced, doubled or dropped."""
    changed = bytearray(document)
    for _ in range(random.randint(1, 4)):
        place = random.randrange(len(changed))
        kind = random.randrange(3)
        if kind == 0:
            changed[place] = random.randrange(256)
        elif kind == 1:
            changed[place:place] = changed[place : place + random.randint(1, 40)]
        else:
            del changed[place : place + random.randint(1, 40)]
    return bytes(changed)


def with_elements_moved(document: bytes, random: Random) -> bytes:
    """An element dropped, doubled, emptied, or put somewhere else."""
    root = etree.fromstring(document)
    elements = list(root.iter())[1:]
    chosen, other = random.choice(elements), random.choice(elements)
    parent = chosen.getparent()
    assert parent is not None
    kind = random.randrange(4)
    if kind == 0:
        parent.remove(chosen)
    elif kind == 1:
        parent.append(copy.deepcopy(chosen))
    elif kind == 2:
        chosen.text = None
        chosen.attrib.clear()
    else:
        other.append(copy.deepcopy(chosen))
    return etree.tostring(root)


@pytest.mark.parametrize("is_encrypted", [False, True], ids=["plain", "encrypted"])
@pytest.mark.parametrize("change", [with_bytes_changed, with_elements_moved])
@pytest.mark.thorough
def test_changed_documents_prove_nothing_else(
    acme_idp: Idp, change: object, *, is_encrypted: bool
) -> None:
    """What still validates, as a changed KeyInfo does, says exactly what was signed."""
    connection = Connection.objects.get(pk=acme_idp.connection.pk)
    response = acme_idp.response()
    document = etree.tostring(response)
    if is_encrypted:
        document = base64.b64decode(encrypt(response, our_certificate(acme_idp)))
    honest = looked_at(base64.b64encode(document).decode(), connection)
    assert honest is not None
    random = Random(20)  # noqa: S311 - the same changes in every run

    for _ in range(ROUNDS):
        changed = change(document, random)  # type: ignore[operator]
        found = looked_at(base64.b64encode(changed).decode(), connection)
        if found is not None:
            assert found.identity == honest.identity
            assert found.assertion_id == honest.assertion_id
