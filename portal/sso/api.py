"""Single sign-on through the API: the flight recorder."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response

from portal.rest.routing import register
from portal.rest.views import PortalViewSet
from portal.sso import serializers as shapes
from portal.sso.attempts import ORDER
from portal.sso.models import SignInAttempt
from tenants.permissions import Permission


class AttemptViewSet(PortalViewSet):
    model = SignInAttempt
    ordering = ORDER
    permissions = {"list": Permission.SSO_VIEW, "retrieve": Permission.SSO_VIEW}
    parameters = {"list": shapes.AttemptQuery}
    outputs = dict.fromkeys(permissions, shapes.AttemptOutput)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return rows
        return shapes.filter_of(self.query).apply(rows)  # type: ignore[arg-type]

    def list(self, request: Request) -> Response:
        """Sign-ins through single sign-on, let in or refused, newest first."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One attempt, with its verdict rule by rule."""
        return self.answer(self.get_object())


register("sso/attempts", AttemptViewSet, basename="api-sign-in-attempt")
