"""Cases and grants as the API takes and gives them."""

from datetime import timedelta
from typing import Any

from rest_framework import serializers

from portal.grants import rules
from portal.grants.models import AccessRecord, Case, CaseIntegration, Grant, GrantResource
from portal.grants.rules import Capability, CaseStatus, GrantStatus
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField


class CaseQuery(PageQuery):
    status = serializers.ChoiceField(choices=CaseStatus.choices, required=False)


class GrantQuery(PageQuery):
    status = serializers.ChoiceField(choices=GrantStatus.choices, required=False)


class CaseInput(StrictSerializer):
    title = TextField(max_length=200)
    description = TextField(max_length=4000, required=False, default="", allow_blank=True)
    external_reference = TextField(max_length=100, required=False, default="", allow_blank=True)
    link = serializers.URLField(max_length=500, required=False, default="", allow_blank=True)
    integrations = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=200
    )


class AttachInput(StrictSerializer):
    integrations = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=200
    )


class AttachedOutput(serializers.ModelSerializer[CaseIntegration]):
    id = serializers.UUIDField(source="integration_id")
    name = serializers.CharField(source="label")

    class Meta:
        model = CaseIntegration
        fields = ["id", "name"]


class CaseOutput(serializers.ModelSerializer[Case]):
    number = serializers.CharField(source="reference")
    opened_by = serializers.CharField(source="opened_by_name")
    integrations = AttachedOutput(many=True)

    class Meta:
        model = Case
        fields = [
            "id",
            "number",
            "title",
            "description",
            "external_reference",
            "link",
            "status",
            "opened_by",
            "opened_at",
            "closed_at",
            "integrations",
        ]


class ScopeOutput(serializers.ModelSerializer[GrantResource]):
    id = serializers.UUIDField(source="object_id")
    name = serializers.CharField(source="label")

    class Meta:
        model = GrantResource
        fields = ["kind", "id", "integration_id", "name"]


class StaffOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="staff_id")
    name = serializers.CharField(source="staff_name")
    email = serializers.EmailField(source="staff_email")
    country = serializers.CharField(help_text="ISO 3166-1, two letters.")


class GrantFacts(serializers.ModelSerializer[Grant]):
    """What both sides see of a grant, as it stands at the instant of the call."""

    number = serializers.CharField(source="reference")
    case = serializers.CharField(source="case.reference")
    status = serializers.SerializerMethodField()
    staff = StaffOutput(source="*")
    requested_seconds = serializers.SerializerMethodField()
    answer_by = serializers.DateTimeField(allow_null=True)
    previous = serializers.UUIDField(source="previous_id", allow_null=True)
    capabilities = serializers.ListField(child=serializers.ChoiceField(choices=Capability.choices))

    class Meta:
        model = Grant
        fields = [
            "id",
            "number",
            "case",
            "status",
            "staff",
            "reason_code",
            "justification",
            "bundle_gap",
            "capabilities",
            "scope",
            "requested_seconds",
            "requested_at",
            "previous",
            "answer_by",
            "approved_at",
            "starts_at",
            "expires_at",
            "revoked_at",
            "version",
        ]

    def get_status(self, grant: Grant) -> str:
        return str(grant.state(self.context["request"].at))

    def get_requested_seconds(self, grant: Grant) -> int:
        return int(grant.requested_duration.total_seconds())


class GrantOutput(GrantFacts):
    scope = ScopeOutput(many=True)

    class Meta(GrantFacts.Meta):
        pass


class NarrowInput(StrictSerializer):
    """What is left out stays as it is."""

    duration_seconds = serializers.IntegerField(
        required=False,
        min_value=int(rules.SHORTEST.total_seconds()),
        max_value=int(rules.LONGEST.total_seconds()),
    )
    capabilities = serializers.ListField(
        child=serializers.ChoiceField(choices=Capability.choices),
        required=False,
        min_length=1,
        max_length=10,
    )
    integrations = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=200
    )
    resources = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=1000
    )
    note = TextField(max_length=1000, required=False, default="", allow_blank=True)


class ConsentInput(NarrowInput):
    """What is left out is granted as it was asked for."""

    starts_at = serializers.DateTimeField(required=False)


class NoteInput(StrictSerializer):
    note = TextField(max_length=1000, required=False, default="", allow_blank=True)


class RecordOutput(serializers.ModelSerializer[AccessRecord]):
    class Meta:
        model = AccessRecord
        fields = [
            "id",
            "at",
            "act",
            "kind",
            "object_id",
            "label",
            "fields",
            "masked",
            "before",
            "after",
            "route",
        ]
        extra_kwargs = {"masked": {"help_text": "Whether values inside texts were hidden."}}


def seconds(value: int | None) -> timedelta | None:
    return None if value is None else timedelta(seconds=value)
