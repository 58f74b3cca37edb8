"""Lists in pages: an opaque cursor over the values of the last row, never an offset."""

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.pagination import BasePagination
from rest_framework.request import Request
from rest_framework.response import Response

from portal.rest.serializers import StrictSerializer
from portal.ui.paging import keyset

DEFAULT_SIZE = 50
LARGEST_SIZE = 200


class PageQuery(StrictSerializer):
    """Parameters of every list; a list with filters extends it."""

    cursor = serializers.CharField(
        required=False, default="", max_length=1000, help_text="From `next` of the page before."
    )
    size = serializers.IntegerField(
        required=False, default=DEFAULT_SIZE, min_value=1, max_value=LARGEST_SIZE
    )


class KeysetPagination(BasePagination):
    """DRF's hook for our keyset pages; the view names the order, the query the cursor."""

    def paginate_queryset(
        self, queryset: QuerySet[Any], request: Request, view: Any = None
    ) -> list[Any]:
        self.page = keyset(
            queryset, order=view.ordering, cursor=view.query["cursor"], size=view.query["size"]
        )
        self.request = request
        return list(self.page.rows)

    def get_paginated_response(self, data: Any) -> Response:
        return Response({"results": data, "next": self._next()})

    def get_paginated_response_schema(self, schema: dict[str, Any]) -> dict[str, Any]:
        return {
            "type": "object",
            "required": ["results", "next"],
            "properties": {
                "results": schema,
                "next": {
                    "type": ["string", "null"],
                    "format": "uri",
                    "description": "Address of the next page; null on the last one.",
                },
            },
        }

    def _next(self) -> str | None:
        if not self.page.next_cursor:
            return None
        parameters = {**self.request.query_params.dict(), "cursor": self.page.next_cursor}
        return f"{settings.BASE_URL}{self.request.path}?{urlencode(parameters)}"
