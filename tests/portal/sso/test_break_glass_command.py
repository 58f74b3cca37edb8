"""`manage.py break_glass`: seen and issued by the vendor's operator, on the server only."""

import json
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from audit.models import Event
from audit.names import EventName
from portal.sso.models import SealedDoor
from tenants.access import Actor
from tenants.models import Membership, Organization
from tests.portal.sso.emergencies import recovery_codes_of, sealed_for

pytestmark = pytest.mark.django_db


def run(*words: str) -> Any:
    out = StringIO()
    call_command("break_glass", *words, "--json", stdout=out)
    return json.loads(out.getvalue())


def test_lists_who_holds_a_code(ada: Membership, actor_of: Callable[..., Actor]) -> None:
    sealed_for(ada, actor_of(ada))
    assert run("list", "--organization", "acme")["owners"][0]["opens"] is False  # no factor

    recovery_codes_of(ada)

    said = run("list", "--organization", "acme")
    assert said["sso_enforced"] is False
    assert [(one["email"], one["status"], one["opens"]) for one in said["owners"]] == [
        ("ada@acme.test", "sealed", True)
    ]


def test_issues_a_code_to_an_owner(ada: Membership, vendor: Organization) -> None:
    words = ("issue", "--organization", "acme", "--email", "Ada@acme.test")
    assert run(*words, "--dry-run") == {"email": "ada@acme.test", "dry_run": True}
    assert not SealedDoor.objects.exists()

    said = run(*words)

    assert len(said["code"].replace("-", "")) == 32
    assert SealedDoor.objects.get().status == SealedDoor.Status.ISSUED
    assert Event.objects.filter(name=EventName.BREAK_GLASS_ISSUED).exists()


@pytest.mark.parametrize(
    ("slug", "email", "code"),
    [
        ("nowhere", "ada@acme.test", 3),
        ("meridian", "ada@acme.test", 3),
        ("acme", "nobody@acme.test", 3),
        ("acme", "max@acme.test", 4),
    ],
)
def test_says_in_its_exit_code_what_was_wrong(
    slug: str,
    email: str,
    code: int,
    ada: Membership,
    max_: Membership,
    vendor: Organization,
) -> None:
    with pytest.raises(CommandError) as refused:
        run("issue", "--organization", slug, "--email", email)

    assert refused.value.returncode == code
    assert not SealedDoor.objects.exists()
