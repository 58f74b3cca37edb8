"""Data sources over the API."""

from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.catalog import serializers as shapes
from portal.catalog.actions import create_integration, pause_integration, resume_integration
from portal.catalog.models import Integration
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
