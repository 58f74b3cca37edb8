"""Certificates: of each scope the offline verifier holds, and of a closed workspace by a link."""

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from django.core import mail
from django.test import Client

from audit.tree import seal_pending
from portal.console.steps import vendor_steps, visiting_step
from portal.downstream import sending
from portal.downstream.models import Connector
from portal.fulfilment.keeping import kept_link
from portal.fulfilment.models import Certificate
from portal.outlets.tasks import send_mail
from portal.tickets.actions import Evidence, answer_vendor_step, file_deletion, file_revocation
from portal.tickets.models import Step, Ticket
from portal.tickets.rules import Scope, Status
from portal.tickets.subjects import Wish, subject_of
from tenants.access import Actor
from tenants.clock import now, shifted
from tenants.models import Membership, Policy
from tenants.permissions import BuiltInRole
from tenants.scoping import organization_scope
from tests.cast import make_member, make_organization
from tests.portal.fulfilment.conftest import Work, make_integration
from tests.portal.fulfilment.test_offline_verifier import verdict

pytestmark = pytest.mark.django_db(transaction=True)
ActorOf = Callable[..., Actor]
SCOPES = [Scope.ALL_METADATA, Scope.INTEGRATION, Scope.PERSON, Scope.DATA_CLASS, Scope.CLOSE]


@pytest.fixture(autouse=True)
def _no_cooling_off(ada: Membership) -> None:
    Policy.objects.update(cooling_off=timedelta(0))


def keep(folder: Path, document: bytes) -> int:
    keys = Client().get("/.well-known/gatehouse-keys.json").content
    (folder / "keys.json").write_bytes(keys)
    (folder / "certificate.json").write_bytes(document)
    return verdict(folder)


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.thorough
def test_the_offline_verifier_holds_for_every_scope(
    scope: Scope, ada: Membership, mia: Membership, actor_of: ActorOf, work: Work, tmp_path: Path
) -> None:
    at, actor = now(), actor_of(ada)
    source = make_integration(ada, at, name="Warehouse", size=1)
    wishes = {
        Scope.INTEGRATION: (Wish(scope, integration_id=source.pk), "Warehouse"),
        Scope.PERSON: (Wish(scope, member_id=mia.pk), str(mia)),
        Scope.DATA_CLASS: (Wish(scope, data_class="activity"), None),
    }
    wish, name = wishes.get(scope, (Wish(scope), "Acme Health"))
    if scope == Scope.PERSON:
        work(file_revocation(mia, actor=actor, at=at))
    label = name or subject_of(wish, actor=actor).label
    ticket = work(
        file_deletion(wish, actor=actor, at=at, confirmation=label, reason="the contract ended")
    )
    assert ticket.status == Status.ERASED
    document = Certificate.objects.get(ticket=ticket).document.encode()
    assert keep(tmp_path, document) == 0
    assert keep(tmp_path, document.replace(b'"residue":0', b'"residue":1')) != 0


def close(actor: Actor, at: datetime) -> Ticket:
    return file_deletion(
        Wish(Scope.CLOSE), actor=actor, at=at, confirmation="Acme Health", reason="moved away"
    )


def test_the_owner_of_a_closed_workspace_comes_to_its_certificate_by_the_letter(
    ada: Membership,
    actor_of: ActorOf,
    client_of: Callable[..., Client],
    work: Work,
    tmp_path: Path,
) -> None:
    client_of(ada)
    ticket, stranger = close(actor_of(ada), now()), Client()
    seal_pending(ada.organization_id)
    send_mail(organization_id=str(ada.organization_id))
    [letter] = [one for one in mail.outbox if one.to[0].endswith("<ada@acme.test>")]
    found = re.search(r"http://testserver(/certificates/\S+/)", str(letter.body))
    assert found is not None
    where = found.group(1)
    assert "not through yet" in stranger.get(where).text

    assert work(ticket).status == Status.ERASED
    shown = stranger.get(where)
    assert (shown.status_code, ticket.number in shown.text) == (200, True)
    assert "ada@acme.test" not in shown.text
    file = stranger.get(f"{where}certificate.json")
    assert keep(tmp_path, file.content) == 0
    assert stranger.get("/certificates/verify_certificate.py").status_code == 200
    # Until the last backup is gone that may hold it, and for nobody who was not sent the letter.
    with shifted(timedelta(days=29)):
        assert stranger.get(where).status_code == 200
    with shifted(timedelta(days=31)):
        assert stranger.get(where).status_code == 404
        assert stranger.get(f"{where}certificate.json").status_code == 404
    assert stranger.get(where.replace(":", ":x")).status_code == 404


def test_only_the_closing_of_a_workspace_has_such_a_link(
    ada: Membership, actor_of: ActorOf, work: Work
) -> None:
    source = make_integration(ada, now(), name="Warehouse", size=1)
    ticket = work(
        file_deletion(
            Wish(Scope.INTEGRATION, integration_id=source.pk), actor=actor_of(ada), at=now(),
            confirmation="Warehouse",
        )
    )  # fmt: skip
    assert ticket.status == Status.ERASED
    assert Client().get(f"/certificates/{kept_link(ticket)}/").status_code == 404


@pytest.mark.parametrize("kind", ["manual", "callback"])
def test_closing_waits_for_a_system_that_does_not_acknowledge_and_asks_the_vendor(
    kind: str, ada: Membership, actor_of: ActorOf, work: Work, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody of a closed workspace can come in to answer: the symptom was a closing that hung."""
    monkeypatch.setattr(
        sending, "call", lambda *_args, **_given: sending.Reply(because="unreachable")
    )
    is_called = kind == "callback"
    Connector.objects.create(
        kind=kind, name="Badge readers", url="https://badges.example.com/" if is_called else "",
        on_deletion=True, instruction="Wipe the readers.", created_at=now(),
    )  # fmt: skip
    ticket = work(close(actor_of(ada), now()))
    if is_called:
        with shifted(timedelta(minutes=5)):
            ticket = work(ticket)
    step = Step.objects.get(ticket=ticket, name__startswith="downstream:")
    assert (ticket.status, step.is_asking, step.is_for_vendor) == (
        Status.WAITING_INPUT,
        True,
        True,
    )
    assert not Certificate.objects.exists()
    vendor = make_organization("gatehouse", name="Gatehouse", kind="vendor")
    ola = make_member(vendor, "Ola Operator", BuiltInRole.OPERATOR)
    with organization_scope(vendor.pk):
        by_ola = actor_of(ola)
    [shown] = vendor_steps()
    words = "has not acknowledged" if is_called else "Wipe the readers."
    assert (words in shown.asks, shown.id) == (True, step.pk)
    with visiting_step(by_ola, step.pk) as (visitor, asked):
        answer_vendor_step(asked, actor=visitor, at=now(), evidence=Evidence("Wiped."))
    with organization_scope(ada.organization_id):
        assert work(ticket).status == Status.ERASED
