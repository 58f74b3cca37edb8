"""Documents that agents send to an integration."""

from collections.abc import Mapping
from contextlib import ExitStack
from typing import Any, ClassVar

from django.http import Http404
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from audit.refusals import Invalid
from portal.catalog import serializers as shapes
from portal.catalog.actions import start_push
from portal.catalog.api.documents import NAME, DocumentParser
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import ImportRun, Integration
from portal.catalog.rules import SMALL_PUSH, RunStatus, Trigger
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class DocumentRefused(Invalid):
    """A document that was judged while its sender waited; nothing of it was taken over."""

    code = "artifact-refused"


class PushMixin(PortalViewSet):
    permissions: ClassVar[Mapping[str, Permission | None]] = {
        "push": start_push.permission,
        "push_state": start_push.permission,
    }
    inputs: ClassVar[Mapping[str, type[Serializer[Any]]]] = {"push": shapes.PushInput}
    outputs: ClassVar[Mapping[str, type[Serializer[Any]]]] = {
        "push": shapes.ImportOutput,
        "push_state": shapes.ImportOutput,
    }

    def get_parsers(self) -> list[BaseParser]:
        if getattr(self, "action", "") == "push":
            return [DocumentParser(getattr(self, "scopes", None) or ExitStack())]
        return super().get_parsers()

    @verb(detail=True, methods=["post"])
    def push(self, request: Request, pk: str) -> Response:
        """Send a document of metadata or of scan results, whole, as JSON.

        Up to 512 KB it is taken over before the answer comes, else soon after: ask with GET.
        The same document twice changes nothing.
        """
        integration = self._receiver(pk)
        document = request.FILES.get(NAME)
        if document is None:
            raise Invalid(_("There is no document."), {"body": _("Send one JSON object.")})
        run = start_push(
            integration, actor=self.request.actor, at=self.request.at, document=document
        )
        if document.size <= SMALL_PUSH:
            carry_out(run.pk)
            run.refresh_from_db()
        if run.status in {RunStatus.FAILED, RunStatus.STOPPED}:
            raise DocumentRefused(run.error_message, {run.error_key or NAME: run.error_message})
        return self.answer(run, status=201, location=f"/api/v1/integrations/{pk}/push")

    @push.mapping.get
    def push_state(self, request: Request, pk: str) -> Response:
        """How the latest document fared."""
        runs = ImportRun.objects.filter(integration=self._receiver(pk), trigger=Trigger.PUSH)
        run = runs.order_by("-id").first()
        if run is None:
            raise Http404
        return self.answer(run)

    def _receiver(self, pk: str) -> Integration:
        rows = Integration.objects.pushed_to_by(self.request.actor)
        return get_object_or_404(rows, pk=pk)
