"""What an event keeps, and what it refuses to be."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from django.db import transaction

from audit.identifiers import instant_of, new_id
from audit.leaves import leaf_hash_of
from audit.models import Event
from audit.names import EventName
from audit.opening import opened
from audit.recorder import OutsideTransaction, Target, WrongOrganization, record
from audit.sealing import destroy_keys
from audit.sentences import SENTENCES, sentence
from tests.audit.actors import Somebody

pytestmark = pytest.mark.django_db


def revoked(actor: Somebody, person: UUID, **more: Any) -> Event:
    target = Target("member", person, label="Erin Malone", reference="REV-1001", person=person)
    with transaction.atomic():
        identifier = record(EventName.MEMBER_REVOKED, actor=actor, target=target, **more)
    return Event.objects.get(pk=identifier)


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_nothing_is_written() -> None:
    with pytest.raises(OutsideTransaction):
        record(EventName.TEAM_CREATED, actor=Somebody(new_id()))


def test_the_row_says_who_what_and_when(actor: Somebody) -> None:
    event = revoked(actor, new_id(), at_step=3, until=datetime(2026, 1, 2, tzinfo=UTC))
    assert event.organization_id == actor.organization_id
    assert event.occurred_at == instant_of(event.id)
    assert event.facts == {"at_step": 3, "until": "2026-01-02T00:00:00.000000Z"}
    assert bytes(event.leaf_hash) == leaf_hash_of(event)
    assert sentence(event) == "Ada Okafor revoked the access of Erin Malone (REV-1001)."


def test_personal_values_are_sealed(actor: Somebody) -> None:
    event = revoked(actor, new_id(), private={"email": "erin@acme.test"})
    stored = event.body + event.sealed
    for personal in ("Ada", "Erin", "erin@acme.test", "192.0.2.7"):
        assert personal not in stored
    assert event.people() == {
        "actor": "Ada Okafor",
        "target": "Erin Malone",
        "email": "erin@acme.test",
        "address": "192.0.2.7",
    }


def test_a_removed_person_stays_removed(actor: Somebody) -> None:
    person = new_id()
    before = revoked(actor, person)
    destroy_keys(organization_id=actor.organization_id, purpose="person", subject=str(person))
    after = revoked(actor, person)
    for event in (Event.objects.get(pk=before.pk), after):
        assert event.people()["target"] == "a removed person"
        assert bytes(event.leaf_hash) == leaf_hash_of(event)
    assert "Erin" not in after.sealed + after.body


def test_labels_of_things_are_plain(actor: Somebody) -> None:
    with transaction.atomic():
        identifier = record(
            EventName.TEAM_CREATED, actor=actor, target=Target("team", new_id(), "Finance")
        )
    event = Event.objects.get(pk=identifier)
    assert sentence(event) == "Ada Okafor created the team Finance."


def test_the_system_has_no_personal_name(organization_id: UUID) -> None:
    system = Somebody(organization_id, kind="system", id=None, name="Gatehouse", address="")
    with transaction.atomic():
        identifier = record(EventName.TICKET_LATE, actor=system)
    event = Event.objects.get(pk=identifier)
    assert event.sealed == "{}"
    assert event.people() == {"actor": "Gatehouse"}


def test_a_foreign_target_needs_the_log_named(actor: Somebody) -> None:
    class Thing:
        organization_id = new_id()

        def audit_target(self) -> Target:
            return Target("thing", new_id(), "x")

    with transaction.atomic():
        with pytest.raises(WrongOrganization):
            record(EventName.TEAM_CHANGED, actor=actor, target=Thing())
        identifier = record(
            EventName.TEAM_CHANGED,
            actor=actor,
            target=Thing(),
            organization_id=actor.organization_id,
        )
    assert Event.objects.get(pk=identifier).organization_id == actor.organization_id


def test_what_json_cannot_say_is_refused(actor: Somebody) -> None:
    with transaction.atomic(), pytest.raises(TypeError):
        record(EventName.TEAM_CREATED, actor=actor, thing=object())


def test_one_insert_and_one_look_at_the_keys(
    actor: Somebody, django_assert_num_queries: Callable[..., Any]
) -> None:
    person = new_id()
    revoked(actor, person)
    target = Target("member", person, label="Erin Malone", person=person)
    with transaction.atomic(), django_assert_num_queries(2):
        record(EventName.MEMBER_CONTAINED, actor=actor, target=target)


def test_a_page_of_events_opens_with_one_query(
    actor: Somebody, django_assert_num_queries: Callable[..., Any]
) -> None:
    for _ in range(3):
        revoked(actor, new_id())
    events = list(Event.objects.all())
    with django_assert_num_queries(1):
        assert len(opened(events)) == 3
        assert all("Erin Malone" in sentence(event) for event in events)


def test_every_name_has_a_sentence_that_survives_missing_facts(actor: Somebody) -> None:
    assert set(SENTENCES) == set(EventName)
    for name in EventName:
        with transaction.atomic():
            identifier = record(name, actor=actor)
        said = sentence(Event.objects.get(pk=identifier))
        assert said.endswith(".")
        assert not set("{}[]") & set(said)


def test_broken_rows_can_still_be_told(actor: Somebody) -> None:
    event = revoked(actor, new_id())
    event = Event.objects.get(pk=event.pk)
    event.body, event.sealed = "not json", "[]"
    assert sentence(event) == "Somebody revoked the access of something (REV-1001)."


def test_a_change_of_several_values_names_each(actor: Somebody) -> None:
    facts = {"before": {"cooling_off": "0:15:00"}, "after": {"cooling_off": "0:00:20"}}
    with transaction.atomic():
        identifier = record(EventName.POLICY_CHANGED, actor=actor, **facts)
    said = sentence(Event.objects.get(pk=identifier))
    assert said == "Ada Okafor changed the policy: cooling off from 0:15:00 to 0:00:20."
