"""Moves the mailer along the log: each sealed event is looked at once, in order."""

from datetime import datetime
from typing import Final

from django.db import transaction

from audit.models import Event, Leaf
from portal.outlets.models import Cursor, Delivery
from portal.outlets.occasions import NAMES, OCCASIONS

MAILER: Final = "mail"
BATCH: Final = 500


def read_on(*, at: datetime) -> int:
    """Note down what the log's new events ask for. Returns how many letters are owed now."""
    owed, read = 0, BATCH
    while read == BATCH:
        with transaction.atomic():
            read, added = _read_batch(at)
        owed += added
    return owed


def _read_batch(at: datetime) -> tuple[int, int]:
    cursor = _locked_cursor()
    leaves = list(
        Leaf.objects.filter(
            organization_id=cursor.organization_id, position__gte=cursor.position
        ).order_by("position")[:BATCH]
    )
    wanted = [leaf.event_id for leaf in leaves if leaf.name in NAMES]
    events = Event.objects.filter(organization_id=cursor.organization_id).in_bulk(wanted)
    letters = [
        letter
        for event_id in wanted
        if event_id in events
        for letter in _letters(events[event_id], at)
    ]
    # A letter that is owed already stays as it is: whoever reads twice writes once.
    Delivery.objects.bulk_create(letters, ignore_conflicts=True)
    if leaves:
        cursor.position = leaves[-1].position + 1
        cursor.save(update_fields=["position"])
    return len(leaves), len(letters)


def _locked_cursor() -> Cursor:
    if not Cursor.objects.filter(name=MAILER).exists():
        Cursor.objects.bulk_create([Cursor(name=MAILER)], ignore_conflicts=True)
    cursor: Cursor = Cursor.objects.select_for_update(no_key=True).get(name=MAILER)
    return cursor


def _letters(event: Event, at: datetime) -> list[Delivery]:
    """One for each recipient: the first occasion that names them decides which."""
    owed: dict[str, Delivery] = {}
    for occasion in OCCASIONS:
        if event.name not in occasion.names:
            continue
        for recipient in occasion.choose(event, at):
            owed.setdefault(
                recipient,
                Delivery(
                    event_id=event.id,
                    recipient=recipient,
                    letter=occasion.letter,
                    created_at=at,
                    wake_at=at,
                ),
            )
    return list(owed.values())
