"""Downstream systems over the API."""

from dataclasses import fields
from uuid import UUID

from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.downstream import serializers as shapes
from portal.downstream.actions import (
    ConnectorFacts,
    add_connector,
    change_connector,
    remove_connector,
    rotate_connector,
    switch_connector,
)
from portal.downstream.models import Connector
from portal.downstream.rules import Kind
from portal.rest.routing import register
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class DownstreamViewSet(PortalViewSet):
    model = Connector
    permissions = {
        "list": Permission.POLICY_VIEW,
        "retrieve": Permission.POLICY_VIEW,
        "create": add_connector.permission,
        "partial_update": change_connector.permission,
        "rotate": rotate_connector.permission,
        "switch": switch_connector.permission,
        "destroy": remove_connector.permission,
    }
    inputs = {
        "create": shapes.DownstreamInput,
        "partial_update": shapes.DownstreamChange,
        "switch": shapes.DownstreamSwitch,
        "rotate": shapes.NothingToSay,
    }
    outputs = {
        **dict.fromkeys(("list", "retrieve", "partial_update", "switch"), shapes.DownstreamOutput),
        **dict.fromkeys(("create", "rotate"), shapes.DownstreamMade),
    }
    secrets = ("secret",)
    versioned = frozenset({"partial_update"})

    def list(self, request: Request) -> Response:
        """The systems that hear of revocations and deletions. Never their secrets."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One downstream system, with its version as ETag."""
        row = self.get_object()
        return tagged(self.answer(row), row.version)

    def create(self, request: Request) -> Response:
        """Add a system; the secret in the answer is never shown again. Needs a step-up."""
        data = self.read()
        kind = Kind(data.pop("kind"))
        made, secret = add_connector(
            kind, ConnectorFacts(**data), actor=self.request.actor, at=self.request.at
        )
        made.shown_secret = secret  # type: ignore[attr-defined]
        response = self.answer(made, status=201, location=f"/api/v1/downstream-systems/{made.pk}")
        return tagged(response, made.version)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what you say; open requests look at once. Needs a step-up."""
        row = self.get_object()
        require_version(self.request, row.version)
        known = {field.name: getattr(row, field.name) for field in fields(ConnectorFacts)}
        changed = change_connector(
            row,
            ConnectorFacts(**{**known, **self.read()}),
            actor=self.request.actor,
            at=self.request.at,
            version=row.version,
        )
        return tagged(self.answer(changed), changed.version)

    @verb(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: UUID) -> Response:
        """A new secret; the old one signs beside it for a day. Needs a step-up."""
        row = self.get_object()
        self.read()
        row, secret = rotate_connector(row, actor=self.request.actor, at=self.request.at)
        row.shown_secret = secret  # type: ignore[attr-defined]
        return self.answer(row)

    @verb(detail=True, methods=["post"])
    def switch(self, request: Request, pk: UUID) -> Response:
        """Switch it on or off; off, open requests skip it. Needs a step-up."""
        row, on = self.get_object(), self.read()["on"]
        actor, at = self.request.actor, self.request.at
        return self.answer(switch_connector(row, actor=actor, at=at, on=on))

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Remove it for good; open requests skip it. Needs a step-up."""
        remove_connector(self.get_object(), actor=self.request.actor, at=self.request.at)
        return Response(status=204)


register("downstream-systems", DownstreamViewSet, basename="api-downstream-system")
