"""Imports over the API."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.catalog import serializers as shapes
from portal.catalog.actions import start_import
from portal.catalog.models import ImportRun, Integration
from portal.catalog.rules import ARTIFACTS
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class ImportViewSet(PortalViewSet):
    model = ImportRun
    permissions = {
        "list": Permission.INTEGRATION_VIEW,
        "retrieve": Permission.INTEGRATION_VIEW,
        "create": start_import.permission,
    }
    parameters = {"list": shapes.ImportQuery}
    inputs = {"create": shapes.ImportInput}
    outputs = dict.fromkeys(permissions, shapes.ImportOutput)
    parser_classes = (MultiPartParser,)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.query.get("integration")
        return rows.filter(integration=wanted) if wanted else rows

    def list(self, request: Request) -> Response:
        """Imports, newest first."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """How far an import is, what it changed, or what was wrong and where."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Send manifest.json and catalog.json of a dbt project as multipart/form-data.

        Both are checked and taken over at once, or nothing of them; the files are deleted
        as soon as they are read.
        """
        data = self.read()
        seen = Integration.objects.visible_to(self.request.actor)
        run = start_import(
            get_object_or_404(seen, pk=data["integration"]),
            actor=self.request.actor,
            at=self.request.at,
            sent={kind: data[kind.value] for kind in ARTIFACTS},
        )
        return self.answer(run, status=201, location=f"/api/v1/imports/{run.pk}")
