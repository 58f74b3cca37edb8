"""The pages of integrations in every state, as a person sees them."""

from collections.abc import Callable
from datetime import time
from typing import Any

import pytest

from portal.catalog.actions import (
    create_integration,
    fail_import,
    run_integration,
    schedule_integration,
    start_push,
)
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Integration
from portal.catalog.refusals import SourceRefused
from portal.catalog.schedules import Every, Schedule
from tenants.access import Actor
from tenants.clock import now
from tenants.models import Membership
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.browser.test_pages import LOOKS, _faults
from tests.cast import make_member, make_organization
from tests.chromium import Window
from tests.portal.catalog.conftest import as_file
from tests.portal.catalog.test_push import scan

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PLACE = {"host": "db.example.com", "database": "shop", "user": "gatehouse_reader"}


@pytest.fixture
def ada(actor_of: Callable[..., Actor]) -> Membership:
    acme = make_organization("acme", name="Acme Health")
    return make_member(acme, "Ada Okafor", BuiltInRole.OWNER)


def failing_database(actor: Actor) -> Integration:
    """Scheduled, with a kept password, rights too many, and a run that failed."""
    made = create_integration(
        actor=actor,
        at=now(),
        name="Sales warehouse",
        kind="postgresql",
        connection=PLACE,
        password="secret",
    )
    schedule_integration(made, actor=actor, at=now(), schedule=Schedule(Every.DAILY, time(2, 30)))
    run = run_integration(made, actor=actor, at=now())
    said = "The server refused the password. Type it again in the settings."
    fail_import(run, actor=actor, at=now(), refusal=SourceRefused("wrong-password", said))
    warning = {"code": "write-tables", "is_write_right": True, "rights": ["INSERT", "UPDATE"]}
    Integration.objects.filter(pk=made.pk).update(
        warnings=[{**warning, "count": 2, "names": ["shop.orders", "shop.customers"]}]
    )
    return made


def scanned(actor: Actor) -> Integration:
    made = create_integration(actor=actor, at=now(), name="Nightly scan", kind="scan_results")
    run = start_push(made, actor=actor, at=now(), document=as_file(scan()))
    carry_out(run.pk)
    return made


@pytest.mark.parametrize(("theme", "width"), LOOKS)
def test_integration_pages_are_sound(
    ada: Membership, actor_of: Callable[..., Actor], window: Any, theme: str, width: int
) -> None:
    with organization_scope(ada.organization_id):
        actor = actor_of(ada)
        first, second = failing_database(actor), scanned(actor)
    seen: Window = window(ada, theme=theme, width=width)
    where = "/o/acme/integrations/"
    paths = [
        "/o/acme/",
        where,
        f"{where}{first.pk}/",
        f"{where}{first.pk}/settings/",
        f"{where}{first.pk}/imports/",
        f"{where}{second.pk}/",
        f"{where}{second.pk}/imports/",
    ]

    faults = {path: found for path in paths if (found := _faults(seen, path))}

    assert faults == {}
    assert seen.complaints == []
