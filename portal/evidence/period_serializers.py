"""The evidence of a period as the API is asked for it, and its sample as it answers."""

from collections.abc import Mapping
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from rest_framework import serializers

from portal.evidence.forms import FIRST_DAY, LAST_DAY
from portal.evidence.period import LARGEST_SAMPLE, Period
from portal.evidence.period_forms import DEFAULT_SIZE, period_of
from portal.rest.serializers import StrictSerializer, TextField
from portal.tickets.reporting import Verdict

_DAYS = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]


class PeriodQuery(StrictSerializer):
    size = serializers.IntegerField(
        required=False, default=DEFAULT_SIZE, min_value=1, max_value=LARGEST_SAMPLE
    )
    seed = TextField(required=False, default="", allow_blank=True, max_length=64)

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python and the right word in an address.
        return {
            "from": serializers.DateField(validators=_DAYS, help_text="First day, in UTC."),
            "to": serializers.DateField(validators=_DAYS, help_text="Last day, in UTC."),
            **super().get_fields(),
        }

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if attrs["to"] < attrs["from"]:
            raise serializers.ValidationError({"to": [_("This day is before the first one.")]})
        return attrs


def period_asked(query: Mapping[str, Any]) -> Period:
    return period_of(query["from"], query["to"], seed=query["seed"], size=query["size"])


class PeriodOutput(serializers.Serializer[Any]):
    """A ZIP archive."""


class SampledRequest(serializers.Serializer[Any]):
    """One request as an auditor asks about it."""

    number = serializers.CharField(source="ticket.number")
    kind = serializers.CharField(source="ticket.kind")
    about = serializers.CharField(source="ticket.subject_label")
    asked_by = serializers.CharField(source="ticket.requester_name")
    received_at = serializers.DateTimeField(source="ticket.received_at")
    access_blocked_at = serializers.DateTimeField(source="ticket.contained_at", allow_null=True)
    last_access_at = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(source="ticket.met_at", allow_null=True)
    ways_in = serializers.SerializerMethodField()
    ways_in_refused = serializers.IntegerField(source="refused")
    left = serializers.IntegerField(help_text="What is left in the stores of a deletion.")
    is_proven = serializers.BooleanField()
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])

    def get_ways_in(self, fact: Any) -> int:
        return len(fact.findings)


class SampleOutput(serializers.Serializer[Any]):
    total = serializers.IntegerField(help_text="Requests received in the period.")
    sample = SampledRequest(many=True)
