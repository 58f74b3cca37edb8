"""Cases, grants and what is read under them, as support tooling sees them."""

from typing import Any

from rest_framework import serializers

from portal.catalog.actions.integrations import LONGEST_NAME
from portal.catalog.serializers.integrations import ScheduleInput, ScheduleOutput
from portal.grants import rules
from portal.grants.models import Grant
from portal.grants.rules import Capability, ReasonCode
from portal.grants.serializers import CaseOutput, GrantFacts
from portal.rest.serializers import StrictSerializer, TextField


class SupportCaseInput(StrictSerializer):
    organization = serializers.SlugField(max_length=40)
    title = TextField(max_length=200)
    description = TextField(max_length=4000, required=False, default="", allow_blank=True)
    external_reference = TextField(max_length=100, required=False, default="", allow_blank=True)
    link = serializers.URLField(max_length=500, required=False, default="", allow_blank=True)


class SupportCaseOutput(CaseOutput):
    organization = serializers.CharField(source="organization.slug")

    class Meta(CaseOutput.Meta):
        fields = ["organization", *CaseOutput.Meta.fields]


class RequestInput(StrictSerializer):
    organization = serializers.SlugField(max_length=40)
    case = TextField(max_length=20, help_text="Such as CASE-101.")
    reason_code = serializers.ChoiceField(choices=ReasonCode.choices)
    justification = TextField(max_length=2000, help_text="The customer reads it.")
    bundle_gap = TextField(
        max_length=1000,
        required=False,
        allow_blank=True,
        default="",
        help_text="Needed once the customer sent a diagnosis: what it does not tell.",
    )
    capabilities = serializers.ListField(
        child=serializers.ChoiceField(choices=Capability.choices), min_length=1, max_length=10
    )
    integrations = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=200
    )
    duration_seconds = serializers.IntegerField(
        min_value=int(rules.SHORTEST.total_seconds()),
        max_value=int(rules.LONGEST.total_seconds()),
    )
    resources = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        default=list,
        max_length=200,
        help_text="Single tables by the ids the customer gave; known and unknown answer alike.",
    )
    previous = serializers.UUIDField(
        required=False, default=None, allow_null=True, help_text="The grant that this extends."
    )
    staff = serializers.UUIDField(
        required=False, default=None, allow_null=True, help_text="For service accounts: who asks."
    )
    starts_at = serializers.DateTimeField(required=False, default=None, allow_null=True)


class SupportGrantOutput(GrantFacts):
    organization = serializers.CharField(source="organization.slug")
    scope = serializers.SerializerMethodField()

    class Meta(GrantFacts.Meta):
        fields = ["organization", *GrantFacts.Meta.fields]

    def get_scope(self, grant: Grant) -> list[dict[str, str]]:
        """Integrations by the name the customer attached; single tables by id until read."""
        return [
            {
                "kind": row.kind,
                "id": str(row.object_id),
                "name": row.label if row.kind == rules.ScopeKind.INTEGRATION else "",
            }
            for row in grant.scope.all()
        ]


class IntegrationReadOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.CharField()
    status = serializers.CharField()
    paused = serializers.BooleanField()
    last_sync_at = serializers.DateTimeField(allow_null=True)
    last_error_at = serializers.DateTimeField(allow_null=True)
    error_code = serializers.CharField()
    error_hint = serializers.CharField()
    resource_count = serializers.IntegerField()
    field_count = serializers.IntegerField()
    settings = serializers.DictField(
        help_text="Where it is read and when; secrets are never among it."
    )
    masked = serializers.BooleanField()


class FieldReadOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    type = serializers.CharField()
    position = serializers.IntegerField()
    description = serializers.CharField()


class MetricReadOutput(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # a serializer's own name
    value = serializers.CharField()


class ResourceReadOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    integration_id = serializers.UUIDField()
    name = serializers.CharField()
    path = serializers.CharField()
    kind = serializers.CharField()
    description = serializers.CharField()
    field_count = serializers.IntegerField()
    masked = serializers.BooleanField()


class ResourceDetailOutput(ResourceReadOutput):
    # `fields` is taken by the serializer itself.
    columns = FieldReadOutput(source="fields", many=True)
    metrics = MetricReadOutput(many=True)


class SyncOutput(serializers.Serializer[Any]):
    """The sync that was started; how it ends is seen as the integration's status."""

    run = serializers.UUIDField(source="pk")
    queued_at = serializers.DateTimeField()


class SourceTrialOutput(serializers.Serializer[Any]):
    works = serializers.BooleanField()
    code = serializers.CharField()
    message = serializers.CharField()
    masked = serializers.BooleanField()


class SourceSettingsOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    schedule = ScheduleOutput(source="*")


class SourceSettingsInput(StrictSerializer):
    """What is left out stays as it is; a schedule is given as a whole."""

    name = TextField(max_length=LONGEST_NAME, required=False)
    schedule = ScheduleInput(required=False)
