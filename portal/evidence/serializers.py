"""Events as the API shows and filters them."""

from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework import serializers

from audit.models import Event
from audit.sentences import sentence
from portal.evidence.filters import LogFilter
from portal.evidence.words import names_of
from portal.rest.pagination import PageQuery


class EventQuery(PageQuery):
    """The same conditions as on the page of the audit log."""

    person = serializers.UUIDField(
        required=False, help_text="Id of a member: events by them or about them."
    )
    action = serializers.CharField(
        required=False,
        default="",
        max_length=64,
        help_text="Name of an event, such as `grant.approved`, or its noun, such as `grant`.",
    )
    reference = serializers.CharField(
        required=False, default="", max_length=32, help_text="Number of a request, case or access."
    )
    outcome = serializers.ChoiceField(required=False, choices=["done", "refused"])
    since = serializers.DateTimeField(required=False, help_text="From this instant on.")
    until = serializers.DateTimeField(required=False, help_text="Up to, not including, this one.")

    def validate_action(self, action: str) -> str:
        if action and not names_of(action):
            raise serializers.ValidationError(_("No event has this name."))
        return action


def filter_of(query: dict[str, Any]) -> LogFilter:
    person = query.get("person")
    return LogFilter(
        people=(person,) if person else None,
        action=query["action"],
        reference=query["reference"].strip().upper(),
        outcome=query.get("outcome", ""),
        since=query.get("since"),
        until=query.get("until"),
    )


class PartySerializer(serializers.Serializer[Any]):
    """Who acted, or what was acted on."""

    kind = serializers.CharField()
    id = serializers.UUIDField(allow_null=True)
    name = serializers.CharField()


class EventSerializer(serializers.Serializer[Any]):
    """One event. `position` is null until the event is sealed, a few seconds later."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    occurred_at = serializers.DateTimeField()
    what = serializers.CharField(help_text="The event in one sentence.")
    outcome = serializers.CharField()
    actor = PartySerializer()
    target = PartySerializer()
    reference = serializers.CharField(help_text="Number of a request, case or access, or empty.")
    grant_id = serializers.UUIDField(allow_null=True)
    request_id = serializers.CharField()
    address = serializers.CharField()
    facts = serializers.DictField()
    position = serializers.IntegerField(allow_null=True)
    leaf_hash = serializers.CharField()


def as_shown(event: Event, position: int | None) -> dict[str, Any]:
    people = event.people()
    return {
        "id": event.id,
        "name": event.name,
        "occurred_at": event.occurred_at,
        "what": sentence(event),
        "outcome": event.outcome,
        "actor": _party(event.actor_kind, event.actor_id, people.get("actor", "")),
        "target": _party(event.target_kind, event.target_id, people.get("target", "")),
        "reference": event.reference,
        "grant_id": event.grant_id,
        "request_id": event.request_id,
        "address": people.get("address", ""),
        "facts": event.facts,
        "position": position,
        "leaf_hash": bytes(event.leaf_hash).hex(),
    }


def _party(kind: str, identifier: UUID | None, name: str) -> dict[str, Any]:
    return {"kind": kind, "id": identifier, "name": name}
