"""Break-glass as its owners do it, and the enforcement that needs it."""

import re
from typing import Any

from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from django.contrib.auth.hashers import PBKDF2PasswordHasher
from django.test import Client
from django.utils import timezone

from portal.sso.actions import emergency
from portal.sso.actions.enforcement import enforce_sso
from portal.sso.codes import digest_of
from portal.sso.models import SealedDoor
from tenants.access import Actor
from tenants.models import Entry, Membership, Policy
from tenants.resolving import actor_for_member
from tests.cast import FACTS, PASSWORD
from tests.portal.sso.passwords import give_second_factor

HERE = "/o/acme/sso/break-glass/"
DOOR = "/sign-in/break-glass/"


class CountedHasher(PBKDF2PasswordHasher):
    """The slow part of a sign-in, counted: a clock would measure the machine's other work."""

    iterations = 1
    hashed = 0

    def encode(self, password: str, salt: str, iterations: int | None = None) -> str:
        type(self).hashed += 1
        return super().encode(password, salt, iterations)


def recovery_codes_of(member: Membership) -> list[str]:
    """A fresh set: unlike those of an app they can be used one after the other in a test."""
    if not member.user.authenticator_set.exists():
        give_second_factor(member)
    return RecoveryCodes.activate(member.user).get_unused_codes()


def make_code(client: Client, member: Membership) -> str:
    """The holder presses the button and reads the code from the page."""
    door = SealedDoor.objects.standing().get(membership=member)
    shown = client.post(f"{HERE}{door.pk}/code/")
    found = re.search(r"(?:[A-Z2-7]{4}-){7}[A-Z2-7]{4}", shown.content.decode())
    assert found is not None, shown.status_code
    return found[0]


def knock(client: Client, member: Membership, typed: str, **changes: str) -> Any:
    """All four keys on the public page."""
    keys = {"email": member.email, "password": PASSWORD, "factor": "000000", "code": typed}
    return client.post(DOOR, {**keys, **changes})


def seal(owner: Client, holder: Client, member: Membership) -> str:
    """Name, make, prove; the code that is sealed then."""
    named = owner.post(f"{HERE}name/", {"member": str(member.pk)})
    assert named.status_code == 302, named.content
    code = make_code(holder, member)
    proven = knock(holder, member, code, factor=recovery_codes_of(member)[0])
    assert proven.status_code == 302, proven.content
    assert SealedDoor.objects.get(membership=member).status == SealedDoor.Status.SEALED
    return code


def sealed_for(member: Membership, actor: Actor) -> tuple[SealedDoor, str]:
    at = timezone.now()
    door = emergency.nominate_owner(member, actor=actor, at=at)
    door, code = emergency.make_code(door, actor=actor, at=at)
    emergency.prove_door(door, actor=actor, at=at, digest=digest_of(code))
    return door, digest_of(code)


def opened(door: SealedDoor, digest: str, *, key: str = "k", at: Any = None) -> Entry:
    actor = actor_for_member(door.membership, facts=FACTS)
    return emergency.open_door(
        door, actor=actor, at=at or timezone.now(), digest=digest, session_key=key
    )


def enforce(actor: Actor, at: Any = None) -> Policy:
    return enforce_sso(actor=actor, at=at or timezone.now())
