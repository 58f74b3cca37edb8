"""Statements and disputes as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.grants.models import Dispute
from portal.grants.rules import Act, DisputeStatus
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField


class DisputeQuery(PageQuery):
    status = serializers.ChoiceField(choices=DisputeStatus.choices, required=False)


class DisputeInput(StrictSerializer):
    grant = serializers.UUIDField()
    record = serializers.UUIDField(help_text="`id` of one of the grant's records.")
    reason = TextField(max_length=2000, help_text="The vendor's support lead reads it.")


class DisputeAnswerInput(StrictSerializer):
    answer = TextField(max_length=4000, help_text="The customer reads it.")


class DisputeFacts(serializers.ModelSerializer[Dispute]):
    """What both sides see of a dispute."""

    number = serializers.CharField(source="case.reference")
    grant = serializers.CharField(source="grant.reference")
    record = serializers.UUIDField(source="record_id")
    read_at = serializers.DateTimeField(source="record.at")
    kind = serializers.CharField(source="record.kind")
    object_id = serializers.UUIDField(source="record.object_id")
    shown = serializers.ListField(source="record.fields", child=serializers.CharField())
    opened_by = serializers.CharField(source="opened_by_name")
    answered_by = serializers.CharField(source="answered_by_name")
    answered_at = serializers.DateTimeField(source="met_at", allow_null=True)
    is_late = serializers.SerializerMethodField()

    class Meta:
        model = Dispute
        fields = [
            "id",
            "number",
            "grant",
            "record",
            "read_at",
            "kind",
            "object_id",
            "shown",
            "reason",
            "status",
            "opened_by",
            "received_at",
            "due_at",
            "is_late",
            "answer",
            "answered_by",
            "answered_at",
            "closed_at",
        ]

    def get_is_late(self, dispute: Dispute) -> bool:
        return dispute.is_late(self.context["request"].at)


class DisputeOutput(DisputeFacts):
    name = serializers.CharField(source="record.label")

    class Meta(DisputeFacts.Meta):
        fields = [*DisputeFacts.Meta.fields, "name"]


class SupportDisputeOutput(DisputeFacts):
    """Without the object's name: that is the customer's metadata."""

    organization = serializers.CharField(source="organization.slug")

    class Meta(DisputeFacts.Meta):
        fields = ["organization", *DisputeFacts.Meta.fields]


class StatementSession(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    channel = serializers.CharField()
    opened_at = serializers.CharField()
    closed_at = serializers.CharField()


class StatementRecord(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    at = serializers.CharField()
    session = serializers.UUIDField()
    kind = serializers.CharField()
    object_id = serializers.UUIDField()
    name = serializers.CharField(required=False, help_text="Only for the customer.")
    masked = serializers.BooleanField()
    act = serializers.ChoiceField(choices=Act.choices)
    before = serializers.DictField(required=False, help_text="Only for the customer.")
    after = serializers.DictField(required=False, help_text="Only for the customer.")
    route = serializers.CharField()
    dispute = serializers.CharField(allow_blank=True)

    def get_fields(self) -> dict[str, Any]:
        """`fields` is taken by the serializer itself."""
        return {**super().get_fields(), "fields": serializers.ListField(child=_WORD())}


_WORD = serializers.CharField


class StatementOutput(serializers.Serializer[Any]):
    """Signed as it is: the signature is over every member but itself, in canonical JSON."""

    form = serializers.CharField()
    organization = serializers.DictField()
    made_at = serializers.CharField()
    number = serializers.CharField()
    case = serializers.CharField()
    state = serializers.CharField()
    staff = serializers.DictField()
    reason_code = serializers.CharField()
    justification = serializers.CharField()
    capabilities = serializers.ListField(child=serializers.CharField())
    approved_at = serializers.CharField()
    starts_at = serializers.CharField()
    expires_at = serializers.CharField()
    revoked_at = serializers.CharField()
    is_final = serializers.BooleanField()
    sessions = StatementSession(many=True)
    seconds_used = serializers.IntegerField()
    reads = serializers.IntegerField()
    records = StatementRecord(many=True)
    key = serializers.CharField()
    signature = serializers.CharField()
