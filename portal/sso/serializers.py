"""What the API shows of sign-in attempts, and what narrows their list."""

from typing import Any

from rest_framework import serializers

from portal.rest.pagination import PageQuery
from portal.rest.serializers import TextField
from portal.sso.attempts import AttemptFilter
from portal.sso.refusals import Reason
from portal.sso.rules import normalized_reference

_OUTCOMES = ("accepted", "refused")


class AttemptQuery(PageQuery):
    connection = serializers.UUIDField(required=False)
    outcome = serializers.ChoiceField(choices=_OUTCOMES, required=False)
    reason = serializers.ChoiceField(choices=Reason.choices, required=False)
    is_test = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="True: only test logins."
    )
    reference = TextField(
        max_length=32, required=False, help_text="The number that a refused person reads out."
    )


class CheckOutput(serializers.Serializer[Any]):
    rule = serializers.CharField()
    passed = serializers.BooleanField()
    expected = serializers.CharField()
    received = serializers.CharField()
    fix = serializers.CharField()


class AttemptOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    reference = serializers.CharField()
    at = serializers.DateTimeField()
    connection = serializers.UUIDField(source="connection_id")
    accepted = serializers.BooleanField()
    reason = serializers.CharField(help_text="Empty when the person was let in.")
    is_test = serializers.BooleanField()
    member = serializers.UUIDField(
        source="membership_id", allow_null=True, help_text="Who was recognised, let in or not."
    )
    address = serializers.CharField(allow_null=True)
    checks = CheckOutput(many=True, help_text="Rule by rule.")
    claims = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="With people's values masked.",
    )


def filter_of(query: dict[str, Any]) -> AttemptFilter:
    """The list's parameters as the filter that the page uses too."""
    named = ("connection", "outcome", "reason", "is_test")
    given = {name: query[name] for name in named if query.get(name) is not None}
    return AttemptFilter(**given, reference=normalized_reference(query.get("reference", "")))
