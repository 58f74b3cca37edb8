"""Resources and their fields over the API."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.catalog import serializers as shapes
from portal.catalog.listing import Wanted, resource_page, suggested
from portal.catalog.models import Field, Resource
from portal.rest.pagination import KeysetPagination
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


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
            owner=query["owner"],
        )
        self.page = resource_page(
            view.request.actor, wanted, cursor=query["cursor"], size=query["size"]
        )
        self.request = request
        return list(self.page.rows)


class ResourceViewSet(PortalViewSet):
    model = Resource
    permissions = {
        "list": Permission.CATALOG_VIEW,
        "retrieve": Permission.CATALOG_VIEW,
        "suggest": Permission.CATALOG_VIEW,
    }
    parameters = {"list": shapes.ResourceQuery, "suggest": shapes.SuggestQuery}
    outputs = {
        "list": shapes.ResourceOutput,
        "retrieve": shapes.ResourceOutput,
        "suggest": shapes.SuggestionsOutput,
    }
    pagination_class = ResourcePages

    def list(self, request: Request) -> Response:
        """Tables, models and sources the token's holder may see, by name."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One resource; its columns are under /fields."""
        return self.answer(self.get_object())

    @verb(detail=False)
    def suggest(self, request: Request) -> Response:
        """The first resources by name for what somebody is typing, among those they may see."""
        rows = suggested(self.request.actor, self.query["q"], size=self.query["size"])
        return self.answer({"results": rows})


class FieldViewSet(PortalViewSet):
    model = Field
    permissions = {"list": Permission.CATALOG_VIEW, "retrieve": Permission.CATALOG_VIEW}
    parameters = {"list": shapes.FieldQuery}
    outputs = dict.fromkeys(permissions, shapes.FieldOutput)
    ordering = ("id",)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        rows = rows.matching(self.query.get("q", ""))  # type: ignore[attr-defined]
        wanted = self.query.get("resource")
        return rows.filter(resource=wanted) if wanted else rows

    def list(self, request: Request) -> Response:
        """Columns of the resources the token's holder may see."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One column."""
        return self.answer(self.get_object())
