"""Shapes of imports in the API."""

from typing import Any

from rest_framework import serializers

from portal.catalog.models import ImportRun
from portal.catalog.rules import Trigger
from portal.catalog.showing import may_see_keys
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer
from tenants.permissions import Permission


class ImportQuery(PageQuery):
    integration = serializers.UUIDField(required=False, default=None)


class ImportInput(StrictSerializer):
    integration = serializers.UUIDField()
    manifest = serializers.FileField(allow_empty_file=True)
    catalog = serializers.FileField(allow_empty_file=True)


class ImportOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    integration = serializers.UUIDField(source="integration_id")
    status = serializers.CharField()
    trigger = serializers.CharField(help_text="upload, push, manual or schedule.")
    percent = serializers.IntegerField()
    queued_at = serializers.DateTimeField()
    started_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)
    counts = serializers.DictField(
        child=serializers.IntegerField(),
        help_text="resources, fields, added, changed, unchanged, removed; empty until it is done.",
    )
    changed_nothing = serializers.BooleanField(
        help_text="It went well, and everything was there already."
    )
    error = serializers.SerializerMethodField()

    def get_error(self, run: ImportRun) -> dict[str, str | int | None] | None:
        if not run.error_code:
            return None
        return {
            "code": run.error_code,
            "message": run.error_message,
            "file": run.error_file,
            "line": run.error_line,
            "offset": run.error_offset,
            "key": run.error_key if self._may_see_key(run) else "",
        }

    def _may_see_key(self, run: ImportRun) -> bool:
        """An agent knows what it sent itself."""
        actor = self.context["view"].request.actor
        is_own = run.trigger == Trigger.PUSH and actor.may(Permission.CATALOG_PUSH)
        return is_own or may_see_keys(actor)
