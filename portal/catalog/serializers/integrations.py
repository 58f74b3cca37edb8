"""Shapes of data sources in the API."""

from collections.abc import Mapping
from datetime import time
from typing import Any

from rest_framework import serializers

from portal.catalog.connections import LONGEST_PASSWORD, MOST_SCHEMAS, TlsMode
from portal.catalog.models import Integration
from portal.catalog.rules import IntegrationKind
from portal.catalog.schedules import Every, Schedule
from portal.catalog.showing import may_see_keys
from portal.catalog.warning_words import warning_words
from portal.rest.serializers import StrictSerializer, TextField
from tenants.permissions import Permission


class SourcePlaceInput(StrictSerializer):
    """Of PostgreSQL: host, database, user and what follows them. Of SQLite: file."""

    host = TextField(max_length=253, required=False)
    port = serializers.IntegerField(required=False, min_value=1, max_value=65_535)
    database = TextField(max_length=63, required=False)
    user = TextField(max_length=63, required=False)
    sslmode = serializers.ChoiceField(choices=TlsMode.choices, required=False)
    schemas = serializers.ListField(
        child=TextField(max_length=63), required=False, max_length=MOST_SCHEMAS
    )
    without_schemas = serializers.ListField(
        child=TextField(max_length=63), required=False, max_length=MOST_SCHEMAS
    )
    file = TextField(max_length=128, required=False, help_text="Plain name; of SQLite only.")


class PasswordField(TextField):
    def __init__(self) -> None:
        super().__init__(
            max_length=LONGEST_PASSWORD,
            required=False,
            default="",
            allow_blank=True,
            write_only=True,
            trim_whitespace=False,
            help_text="Sealed at once and never answered again.",
        )


class IntegrationInput(StrictSerializer):
    name = TextField(max_length=120)
    kind = serializers.ChoiceField(
        choices=IntegrationKind.choices, default=IntegrationKind.DBT_ARTIFACTS
    )
    connection = SourcePlaceInput(required=False, default=dict)
    password = PasswordField()


class IntegrationChange(StrictSerializer):
    name = TextField(max_length=120, required=False)
    owner = serializers.UUIDField(required=False, allow_null=True)


class ConnectionInput(StrictSerializer):
    connection = SourcePlaceInput()
    password = PasswordField()


class TrialInput(StrictSerializer):
    kind = serializers.ChoiceField(choices=IntegrationKind.choices)
    connection = SourcePlaceInput()
    password = PasswordField()


class ScheduleInput(StrictSerializer):
    every = serializers.ChoiceField(choices=Every.choices)
    time = serializers.RegexField(
        r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z",
        required=False,
        default="00:00",
        help_text="HH:MM in UTC; of hourly and six-hourly runs only the minute counts.",
    )
    weekday = serializers.IntegerField(
        required=False, default=0, min_value=0, max_value=6, help_text="0 is Monday."
    )


def schedule_of(given: Mapping[str, Any]) -> Schedule:
    """What a `ScheduleInput` has read."""
    return Schedule(given["every"], time.fromisoformat(given["time"]), given["weekday"])


class WarningOutput(serializers.Serializer[Any]):
    code = serializers.CharField()
    message = serializers.SerializerMethodField()

    def get_message(self, warning: dict[str, Any]) -> str:
        actor = self.context["view"].request.actor
        return warning_words(warning, with_names=may_see_keys(actor))


class TrialOutput(serializers.Serializer[Any]):
    ok = serializers.BooleanField(source="is_good")
    code = serializers.CharField(help_text="Empty when it works.")
    message = serializers.CharField()
    warnings = WarningOutput(many=True)


class ScheduleOutput(serializers.Serializer[Any]):
    every = serializers.ChoiceField(choices=Every.choices)
    time = serializers.SerializerMethodField()
    weekday = serializers.IntegerField()

    def get_time(self, row: Integration) -> str:
        return f"{row.run_time:%H:%M}"


class IntegrationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=IntegrationKind.choices)
    status = serializers.CharField()
    scopes = serializers.ListField(child=serializers.CharField())
    owner = serializers.UUIDField(source="owner_id", allow_null=True)
    created_at = serializers.DateTimeField()
    paused_at = serializers.DateTimeField(allow_null=True)
    last_sync_at = serializers.DateTimeField(allow_null=True)
    last_error = serializers.SerializerMethodField()
    connection = serializers.SerializerMethodField()
    has_credential = serializers.BooleanField()
    credential_set_at = serializers.DateTimeField(allow_null=True)
    schedule = ScheduleOutput(source="*")
    next_run_at = serializers.DateTimeField(source="due_at", allow_null=True)
    warnings = WarningOutput(many=True)

    def get_last_error(self, row: Integration) -> dict[str, str] | None:
        if not row.last_error_code:
            return None
        return {"code": row.last_error_code, "hint": row.last_error_hint}

    def get_connection(self, row: Integration) -> dict[str, Any] | None:
        """Without its password; null for those who do not manage integrations."""
        actor = self.context["view"].request.actor
        may_manage = actor.may(Permission.INTEGRATION_MANAGE)
        return row.connection if may_manage and row.connection else None


class PushInput(StrictSerializer):
    """What is sent to the kind `json`: metadata and resources. To `scan_results`: checks."""

    metadata = serializers.DictField(required=False, help_text='{"schema": "gatehouse-metadata/1"}')
    resources = serializers.ListField(
        required=False,
        child=serializers.DictField(),
        help_text="key, name, kind, database, schema, type, description, owner, tags, upstream, "
        "row_count, fields (name, type, description).",
    )
    checks = serializers.ListField(
        required=False,
        child=serializers.DictField(),
        help_text="identity, name, table, column, dataSource, outcome, definition, diagnostics.",
    )
    defaultDataSource = serializers.CharField(required=False)  # noqa: N815 - Soda's own name
    dataTimestamp = serializers.DateTimeField(required=False)  # noqa: N815 - as above
