"""Sealed values open in their own place only, until their key is destroyed."""

import stat
from uuid import UUID

import pytest
from django.core.exceptions import ImproperlyConfigured
from pytest_django.fixtures import Settings

from audit import sealing
from audit.identifiers import new_id
from audit.keys import read_or_make, root_key_path
from audit.models import DataKey
from audit.sealing import KeyDestroyed, SealBroken, destroy_keys, rotate, seal, unseal

pytestmark = pytest.mark.django_db


def closed(
    organization_id: UUID, text: str = "s3cret", subject: str = "a", context: str = "here"
) -> str:
    return seal(
        text, organization_id=organization_id, purpose="p", subject=subject, context=context
    )


def test_a_value_opens_again(organization_id: UUID) -> None:
    token = closed(organization_id, "Zoë ✓")
    assert token.startswith("g1.")
    assert unseal(token, organization_id=organization_id, context="here") == "Zoë ✓"


def test_one_key_for_each_subject(organization_id: UUID) -> None:
    for subject in ("a", "a", "b"):
        closed(organization_id, subject=subject)
    assert DataKey.objects.filter(organization_id=organization_id).count() == 2


@pytest.mark.parametrize("token", ["", "x", "g1.", "g1.zz.a.b", "g1." + "0" * 32 + ".AA.AA"])
def test_what_was_never_sealed_is_refused(organization_id: UUID, token: str) -> None:
    with pytest.raises(SealBroken):
        unseal(token, organization_id=organization_id, context="here")


def test_elsewhere_it_does_not_open(organization_id: UUID) -> None:
    token = closed(organization_id)
    with pytest.raises(SealBroken):
        unseal(token, organization_id=organization_id, context="there")
    with pytest.raises(SealBroken):
        unseal(token, organization_id=new_id(), context="here")


def test_a_changed_byte_does_not_open(organization_id: UUID) -> None:
    token = closed(organization_id)
    last = "A" if token[-2] != "A" else "B"
    with pytest.raises(SealBroken):
        unseal(token[:-2] + last + token[-1], organization_id=organization_id, context="here")


def test_destroying_ends_reading_and_a_new_value_gets_a_new_key(organization_id: UUID) -> None:
    token = closed(organization_id)
    assert destroy_keys(organization_id=organization_id, purpose="p", subject="a") == 1
    with pytest.raises(KeyDestroyed):
        unseal(token, organization_id=organization_id, context="here")
    assert destroy_keys(organization_id=organization_id, purpose="p", subject="a") == 0
    again = closed(organization_id)
    assert unseal(again, organization_id=organization_id, context="here") == "s3cret"
    assert sealing.keys_for(organization_id, "p", ["a"])["a"].id.hex in again


def test_destroying_all_subjects_of_a_purpose(organization_id: UUID) -> None:
    tokens = [closed(organization_id, subject=subject) for subject in "abc"]
    assert destroy_keys(organization_id=organization_id, purpose="p", subject=None) == 3
    for token in tokens:
        with pytest.raises(KeyDestroyed):
            unseal(token, organization_id=organization_id, context="here")


def test_after_rotation_old_values_still_open(organization_id: UUID) -> None:
    old = closed(organization_id)
    assert rotate(organization_id=organization_id, purpose="p", subject="a") == 2
    new = closed(organization_id)
    assert old.split(".")[1] != new.split(".")[1]
    for token in (old, new):
        assert unseal(token, organization_id=organization_id, context="here") == "s3cret"


def test_the_root_key_is_its_owners_alone(organization_id: UUID) -> None:
    closed(organization_id)
    assert stat.S_IMODE(root_key_path().stat().st_mode) == 0o600
    root_key_path().chmod(0o644)
    with pytest.raises(ImproperlyConfigured, match="chmod 600"):
        read_or_make(root_key_path(), b"")


def test_only_the_embedded_mode_makes_a_root_key(organization_id: UUID, settings: Settings) -> None:
    settings.EMBEDDED = False
    with pytest.raises(ImproperlyConfigured, match="create_keys"):
        closed(organization_id)
    assert not root_key_path().exists()


def test_what_belongs_to_no_organization_is_sealed_outside_every_scope(db: None) -> None:
    token = closed(sealing.PLATFORM, "totp")
    assert unseal(token, organization_id=sealing.PLATFORM, context="here") == "totp"
    assert destroy_keys(organization_id=sealing.PLATFORM, purpose="p", subject="a") == 1
