"""A list of leavers as the API takes it, and what it comes to."""

from typing import Any, Final

from rest_framework import serializers

from portal.access.serializers import EffectOutput
from portal.people.leavers import Verdict
from portal.people.sheets import LONGEST_CELL, MAX_LINES
from portal.rest.serializers import StrictSerializer, TextField

LONGEST_DIGEST: Final = 400


class LeaverInput(StrictSerializer):
    email = TextField(max_length=LONGEST_CELL)
    last_day = serializers.DateField(
        required=False, default=None, allow_null=True, help_text="Access ends at its end, in UTC."
    )


class LeaversInput(StrictSerializer):
    leavers = serializers.ListField(child=LeaverInput(), allow_empty=False, max_length=MAX_LINES)


class LeaversQuery(StrictSerializer):
    digest = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=LONGEST_DIGEST,
        help_text="From the answer that showed what would happen; without it nothing does.",
    )
    reason = TextField(
        required=False, default="", allow_blank=True, max_length=500, help_text="On each request."
    )


class LeaverLine(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="In CSV the line of the file, in JSON the place.")
    email = serializers.CharField()
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    said = serializers.CharField(allow_blank=True)


class LeaverFiling(serializers.Serializer[Any]):
    member = serializers.UUIDField(source="leaver.member_id")
    name = serializers.CharField()
    ends_at = serializers.DateTimeField(
        source="leaver.ends_at", allow_null=True, help_text="Null: at once."
    )
    number = serializers.CharField(allow_blank=True, help_text="Of the request, once filed.")
    said = serializers.CharField(
        source="refusal", allow_blank=True, help_text="Why there is none; else empty."
    )


class LeaversOutput(serializers.Serializer[Any]):
    done = serializers.BooleanField(help_text="Whether it happened, or would.")
    is_overtaken = serializers.BooleanField(help_text="It stopped on the way: things had changed.")
    digest = serializers.CharField(allow_blank=True)
    left = serializers.IntegerField(help_text="For further calls with the same list.")
    filings = LeaverFiling(many=True)
    lines = LeaverLine(many=True)
    effect = EffectOutput(allow_null=True)
