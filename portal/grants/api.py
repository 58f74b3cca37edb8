"""The customer's side of the API: cases, diagnostic access, and the decisions about it."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.grants import serializers as shapes
from portal.grants.actions.cases import CaseFacts, attach_integrations, close_case, open_case
from portal.grants.actions.decisions import approve_grant, deny_grant, narrow_grant, revoke_grant
from portal.grants.choosing import narrowed_scope
from portal.grants.models import AccessRecord, Case, Grant
from portal.grants.serializers import seconds
from portal.grants.terms import Consent
from portal.rest.pagination import PageQuery
from portal.rest.routing import register
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class CaseViewSet(PortalViewSet):
    model = Case
    permissions = {
        "list": Permission.CASE_VIEW,
        "retrieve": Permission.CASE_VIEW,
        "create": open_case.permission,
        "attach": attach_integrations.permission,
        "close": close_case.permission,
    }
    parameters = {"list": shapes.CaseQuery}
    inputs = {"create": shapes.CaseInput, "attach": shapes.AttachInput}
    outputs = dict.fromkeys(permissions, shapes.CaseOutput)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        status = self.query.get("status")
        rows = rows.prefetch_related("integrations")
        return rows.filter(status=status) if status else rows

    def list(self, request: Request) -> Response:
        """Support cases, newest first."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One case with the integrations attached to it."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Open a case. The integrations named here are the most that support may ask for."""
        data = self.read()
        integrations = data.pop("integrations")
        case = open_case(
            CaseFacts(**data),
            actor=self.request.actor,
            at=self.request.at,
            integration_ids=integrations,
        )
        return self.answer(case, status=201, location=f"/api/v1/cases/{case.pk}")

    @verb(detail=True, methods=["post"])
    def attach(self, request: Request, pk: str) -> Response:
        """Attach further integrations, which support may then ask about."""
        attach_integrations(
            self.get_object(),
            actor=self.request.actor,
            integration_ids=self.read()["integrations"],
        )
        return self.answer(self.get_object())

    @verb(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close the case; all diagnostic access asked for it ends."""
        close_case(self.get_object(), actor=self.request.actor, at=self.request.at)
        return self.answer(self.get_object())


class GrantViewSet(PortalViewSet):
    model = Grant
    permissions = {
        "list": Permission.GRANT_VIEW,
        "retrieve": Permission.GRANT_VIEW,
        "records": Permission.GRANT_VIEW,
        "approve": approve_grant.permission,
        "narrow_scope": narrow_grant.permission,
        "deny": deny_grant.permission,
        "revoke": revoke_grant.permission,
    }
    parameters = {"list": shapes.GrantQuery, "records": PageQuery}
    inputs = {
        "approve": shapes.ConsentInput,
        "narrow_scope": shapes.NarrowInput,
        "deny": shapes.NoteInput,
        "revoke": shapes.NoteInput,
    }
    outputs = {
        **dict.fromkeys(permissions, shapes.GrantOutput),
        "records": shapes.RecordOutput,
    }
    versioned = frozenset({"approve", "narrow_scope", "deny"})

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        status = self.query.get("status")
        rows = rows.select_related("case").prefetch_related("scope")
        return rows.filter(status=status) if status else rows

    def list(self, request: Request) -> Response:
        """Diagnostic access: asked for, open and past, newest first."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One grant as it stands now, with its version as ETag."""
        return self._tagged(self.get_object())

    @verb(detail=True, methods=["get"])
    def records(self, request: Request, pk: str) -> Response:
        """Every object the vendor's staff saw under this grant, newest first."""
        grant = self.get_object()
        rows = self.paginate_queryset(AccessRecord.objects.filter(grant=grant))
        return self.get_paginated_response(shapes.RecordOutput(rows, many=True).data)

    @verb(detail=True, methods=["post"])
    def approve(self, request: Request, pk: str) -> Response:
        """Approve, as asked or with less. Needs a step-up within the last five minutes."""
        grant = self._matched()
        approve_grant(grant, consent=self._consent(grant), **self._decided(grant))
        return self._tagged(self.get_object())

    @verb(detail=True, methods=["post"], url_path="narrow")
    def narrow_scope(self, request: Request, pk: str) -> Response:
        """Cut the time or the scope of open access."""
        grant = self._matched()
        narrow_grant(grant, consent=self._consent(grant), **self._decided(grant))
        return self._tagged(self.get_object())

    @verb(detail=True, methods=["post"])
    def deny(self, request: Request, pk: str) -> Response:
        """Deny the request."""
        grant = self._matched()
        deny_grant(grant, note=self.read()["note"], **self._decided(grant))
        return self._tagged(self.get_object())

    @verb(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: str) -> Response:
        """End open access now; no read begins after this call has answered.

        No If-Match: whatever changed meanwhile, the way out stays open.
        """
        actor, at = self.request.actor, self.request.at
        revoke_grant(self.get_object(), actor=actor, at=at, note=self.read()["note"])
        return self._tagged(self.get_object())

    def _matched(self) -> Grant:
        grant: Grant = self.get_object()
        require_version(self.request, grant.version)
        return grant

    def _decided(self, grant: Grant) -> dict[str, Any]:
        return {"actor": self.request.actor, "at": self.request.at, "version": grant.version}

    def _consent(self, grant: Grant) -> Consent:
        data = self.read()
        scope = None
        if "integrations" in data or "resources" in data:
            scope = narrowed_scope(
                grant,
                self.request.actor,
                integrations=data.get("integrations", ()),
                resources=data.get("resources", ()),
            )
        chosen = data.get("capabilities")
        return Consent(
            duration=seconds(data.get("duration_seconds")),
            capabilities=None if chosen is None else tuple(chosen),
            scope=scope,
            starts_at=data.get("starts_at"),
            note=data["note"],
        )

    def _tagged(self, grant: Grant) -> Response:
        return tagged(self.answer(grant), grant.version)


register("cases", CaseViewSet, basename="api-case")
register("grants", GrantViewSet, basename="api-grant")
