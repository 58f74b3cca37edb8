"""The catalogue in the API: integrations, their imports, resources and fields."""

from typing import Any

from django.db.models import QuerySet
from django.shortcuts import get_object_or_404
from rest_framework.decorators import action as verb
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.catalog import serializers as shapes
from portal.catalog.actions import (
    create_integration,
    pause_integration,
    resume_integration,
    start_import,
)
from portal.catalog.listing import Wanted, resource_page
from portal.catalog.models import Field, ImportRun, Integration, Resource
from portal.catalog.rules import UploadKind
from portal.rest.pagination import KeysetPagination
from portal.rest.routing import register
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class IntegrationViewSet(PortalViewSet):
    model = Integration
    permissions = {
        "list": Permission.INTEGRATION_VIEW,
        "retrieve": Permission.INTEGRATION_VIEW,
        "create": create_integration.permission,
        "pause": pause_integration.permission,
        "resume": resume_integration.permission,
    }
    inputs = {"create": shapes.IntegrationInput}
    outputs = dict.fromkeys(permissions, shapes.IntegrationOutput)
    ordering = ("name", "id")

    def list(self, request: Request) -> Response:
        """Data sources, by name."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One data source and how its last import went."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Connect a data source. Its files are sent to /imports."""
        made = create_integration(actor=self.request.actor, at=self.request.at, **self.read())
        return self.answer(made, status=201, location=f"/api/v1/integrations/{made.pk}")

    @verb(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Stop reading from it; an import that runs stops within a minute."""
        integration = pause_integration(
            self.get_object(), actor=self.request.actor, at=self.request.at
        )
        return self.answer(integration)

    @verb(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Allow imports again."""
        return self.answer(resume_integration(self.get_object(), actor=self.request.actor))


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
            sent={kind: data[kind.value] for kind in UploadKind},
        )
        return self.answer(run, status=201, location=f"/api/v1/imports/{run.pk}")


class ResourcePages(KeysetPagination):
    """Pages of the catalogue's one listing, the same as on screen."""

    def paginate_queryset(
        self,
        queryset: QuerySet[Any],
        request: Request,
        view: Any = None,
    ) -> list[Any]:
        query = view.query
        wanted = Wanted(
            text=query["q"],
            integration=query["integration"],
            kind=query["kind"],
            tag=query["tag"],
        )
        self.page = resource_page(
            view.request.actor, wanted, cursor=query["cursor"], size=query["size"]
        )
        self.request = request
        return list(self.page.rows)


class ResourceViewSet(PortalViewSet):
    model = Resource
    permissions = {"list": Permission.CATALOG_VIEW, "retrieve": Permission.CATALOG_VIEW}
    parameters = {"list": shapes.ResourceQuery}
    outputs = dict.fromkeys(permissions, shapes.ResourceOutput)
    pagination_class = ResourcePages

    def list(self, request: Request) -> Response:
        """Tables, models and sources the token's holder may see, by name."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One resource; its columns are under /fields."""
        return self.answer(self.get_object())


class FieldViewSet(PortalViewSet):
    model = Field
    permissions = {"list": Permission.CATALOG_VIEW, "retrieve": Permission.CATALOG_VIEW}
    parameters = {"list": shapes.FieldQuery}
    outputs = dict.fromkeys(permissions, shapes.FieldOutput)
    ordering = ("id",)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.query.get("resource")
        return rows.filter(resource=wanted) if wanted else rows

    def list(self, request: Request) -> Response:
        """Columns of the resources the token's holder may see."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One column."""
        return self.answer(self.get_object())


register("integrations", IntegrationViewSet, basename="api-integration")
register("imports", ImportViewSet, basename="api-import")
register("resources", ResourceViewSet, basename="api-resource")
register("fields", FieldViewSet, basename="api-field")
