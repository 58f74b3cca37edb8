"""The staff's side of the API: cases of all customers, requests, and reading under a grant."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from audit.refusals import NotFound, NotPermitted
from portal.catalog.serializers.integrations import schedule_of
from portal.grants import reading
from portal.grants.across import case_page, grant_page
from portal.grants.acting import Place, change_settings, read_settings, start_sync, try_source
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.requests import (
    endorse_grant,
    reject_grant,
    request_grant,
    withdraw_grant,
)
from portal.grants.actions.sessions import open_api_session
from portal.grants.choosing import asked_scope
from portal.grants.door import Opening, open_door
from portal.grants.models import Case, Grant, SupportSession
from portal.grants.numbering import numbered
from portal.grants.rules import Capability
from portal.grants.serializers import CaseQuery, NoteInput
from portal.grants.staff import visiting, visiting_grant
from portal.grants.support import serializers as shapes
from portal.grants.terms import Wish
from portal.rest.pagination import KeysetPagination, PageQuery
from portal.rest.routing import register
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from portal.ui.paging import Page
from tenants.access import Actor
from tenants.models import ApiToken
from tenants.permissions import Permission


class SupportViewSet(PortalViewSet):
    """For tokens of the vendor's staff; for all others these addresses do not exist."""

    def _require_verb(self) -> None:
        if not self.request.actor.organization.is_vendor:
            raise Http404
        super()._require_verb()

    def show_page(self, page: Page[Any], shape: type[BaseSerializer[Any]]) -> Response:
        """A page gathered from several customers, in the shape of every other list."""
        pages = KeysetPagination()
        pages.page, pages.request = page, self.request
        shown = shape(page.rows, many=True, context=self.get_serializer_context())
        return pages.get_paginated_response(shown.data)


class SupportCaseViewSet(SupportViewSet):
    model = Case
    permissions = {"list": Permission.CASE_VIEW, "create": open_case.permission}
    parameters = {"list": CaseQuery}
    inputs = {"create": shapes.SupportCaseInput}
    outputs = dict.fromkeys(permissions, shapes.SupportCaseOutput)

    def list(self, request: Request) -> Response:
        """Cases of all customers, newest first."""
        page = case_page(
            self.request.actor,
            status=self.query.get("status"),
            cursor=self.query["cursor"],
            size=self.query["size"],
        )
        return self.show_page(page, shapes.SupportCaseOutput)

    def create(self, request: Request) -> Response:
        """Open a case at a customer. What it is about is attached by the customer alone."""
        data = self.read()
        with visiting(self.request.actor, data.pop("organization")) as visitor:
            case = open_case(CaseFacts(**data), actor=visitor, at=self.request.at)
            return self.answer(case, status=201)


class SupportGrantViewSet(SupportViewSet):
    model = Grant
    permissions = {
        "list": Permission.GRANT_VIEW,
        "retrieve": Permission.GRANT_VIEW,
        "create": request_grant.permission,
        "withdraw": withdraw_grant.permission,
        "endorse": endorse_grant.permission,
        "reject": reject_grant.permission,
        "integrations": Permission.GRANT_REQUEST,
        "resources": Permission.GRANT_REQUEST,
        "resource": Permission.GRANT_REQUEST,
        "sync": Permission.GRANT_REQUEST,
        "test": Permission.GRANT_REQUEST,
        "settings_of": Permission.GRANT_REQUEST,
        "change": Permission.GRANT_REQUEST,
    }
    parameters = {"resources": PageQuery}
    inputs = {
        "create": shapes.RequestInput,
        "endorse": NoteInput,
        "reject": NoteInput,
        "change": shapes.SourceSettingsInput,
    }
    outputs = {
        **dict.fromkeys(permissions, shapes.SupportGrantOutput),
        "integrations": shapes.IntegrationReadOutput,
        "resources": shapes.ResourceReadOutput,
        "resource": shapes.ResourceDetailOutput,
        "sync": shapes.SyncOutput,
        "test": shapes.SourceTrialOutput,
        "settings_of": shapes.SourceSettingsOutput,
        "change": shapes.SourceSettingsOutput,
    }
    versioned = frozenset({"withdraw", "endorse", "reject"})
    # What a source said is kept nowhere: a repeated call would else read it after the access.
    secrets = ("works", "code", "message", "masked")

    def list(self, request: Request) -> Response:
        """One's own requests and grants, and for a lead those to check, newest first."""
        page = grant_page(self.request.actor, cursor=self.query["cursor"], size=self.query["size"])
        return self.show_page(page, shapes.SupportGrantOutput)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """The state of one request or grant, with its version as ETag."""
        with visiting_grant(self.request.actor, pk) as (_visitor, grant):
            return tagged(self.answer(grant), grant.version)

    def create(self, request: Request) -> Response:
        """Ask for diagnostic access; a lead and then the customer decide.

        A service account names the person it asks for; the country is that of their profile.
        """
        data = self.read()
        with visiting(self.request.actor, data["organization"]) as visitor:
            case = self._case(visitor, data["case"])
            grant = request_grant(
                case,
                actor=visitor,
                at=self.request.at,
                wish=_wish(data, case),
                staff_id=data["staff"],
                previous_id=data["previous"],
            )
            return tagged(self.answer(grant, status=201), grant.version)

    @verb(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Take one's own request back."""
        return self._decide(pk, withdraw_grant)

    @verb(detail=True, methods=["post"])
    def endorse(self, request: Request, pk: UUID) -> Response:
        """Pass a colleague's request on to the customer. Needs a step-up."""
        return self._decide(pk, endorse_grant, note=self.read()["note"])

    @verb(detail=True, methods=["post"])
    def reject(self, request: Request, pk: UUID) -> Response:
        """Stop a colleague's request."""
        return self._decide(pk, reject_grant, note=self.read()["note"])

    @verb(detail=True, methods=["get"])
    def integrations(self, request: Request, pk: UUID) -> Response:
        """Status and errors of the integrations in scope. Shown to the customer as read."""
        with self._door(pk, Capability.STATUS) as opening:
            rows = reading.read_integrations(opening)
        return Response({"results": self._shown(rows, many=True), "next": None})

    @verb(detail=True, methods=["get"])
    def resources(self, request: Request, pk: UUID) -> Response:
        """A page of the resources in scope. Each one is shown to the customer as read."""
        with self._door(pk, Capability.METADATA) as opening:
            page = reading.read_resources(
                opening, cursor=self.query["cursor"], size=self.query["size"]
            )
        return self.show_page(page, shapes.ResourceReadOutput)

    @verb(detail=True, methods=["get"], url_path="resources/<uuid:resource_id>")
    def resource(self, request: Request, pk: UUID, resource_id: UUID) -> Response:
        """One resource with its fields and metrics. Shown to the customer as read."""
        with self._door(pk, Capability.METADATA) as opening:
            row = reading.read_resource(opening, resource_id)
        return Response(self._shown(row))

    @verb(detail=True, methods=["post"], url_path="integrations/<uuid:integration_id>/sync")
    def sync(self, request: Request, pk: UUID, integration_id: UUID) -> Response:
        """Start a sync. Needs a grant with the capability `run`; shown to the customer."""
        with self._place(pk, integration_id) as place:
            run = start_sync(place, at=self.request.at)
        return Response(self._shown(run), status=202)

    @verb(detail=True, methods=["post"], url_path="integrations/<uuid:integration_id>/test")
    def test(self, request: Request, pk: UUID, integration_id: UUID) -> Response:
        """Try the connection. Needs a grant with the capability `run`; shown to the customer."""
        with self._place(pk, integration_id) as place:
            return Response(self._shown(try_source(place, at=self.request.at)))

    @verb(detail=True, methods=["get"], url_path="integrations/<uuid:integration_id>/settings")
    def settings_of(self, request: Request, pk: UUID, integration_id: UUID) -> Response:
        """Name and schedule. Needs the capability `settings`; shown to the customer as read."""
        with self._place(pk, integration_id) as place:
            _opening, row = read_settings(place, at=self.request.at)
        return Response(self._shown(row))

    @settings_of.mapping.patch
    def change(self, request: Request, pk: UUID, integration_id: UUID) -> Response:
        """Change name or schedule, never a secret. The customer sees what it was and is."""
        data = self.read()
        with self._place(pk, integration_id) as place:
            row = change_settings(
                place,
                at=self.request.at,
                name=data.get("name"),
                schedule=schedule_of(data["schedule"]) if "schedule" in data else None,
            )
        return Response(self._shown(row))

    @contextmanager
    def _place(self, pk: UUID, integration_id: UUID) -> Iterator[Place]:
        with self._begun(pk) as (visitor, grant):
            yield Place(grant.pk, integration_id, visitor, f"api {self.action}")

    @contextmanager
    def _begun(self, pk: UUID) -> Iterator[tuple[Actor, Grant]]:
        """The person behind the token at the customer's, with a support session."""
        actor = self.request.actor
        if actor.token is None or actor.token.kind != ApiToken.Kind.PERSONAL:
            raise NotPermitted(_("Customer data is read with a person's own token only."))
        with visiting_grant(actor, pk) as (visitor, grant):
            begin_session(visitor, grant, at=self.request.at)
            yield visitor, grant

    @contextmanager
    def _door(self, pk: UUID, capability: Capability) -> Iterator[Opening]:
        at, route = self.request.at, f"api {self.action}"
        with (
            self._begun(pk) as (visitor, grant),
            open_door(
                grant.pk, visitor=visitor, at=at, capability=capability, route=route
            ) as opening,
        ):
            yield opening

    def _decide(self, pk: UUID, decision: Any, **values: Any) -> Response:
        with visiting_grant(self.request.actor, pk) as (visitor, grant):
            require_version(self.request, grant.version)
            decided = decision(
                grant, actor=visitor, at=self.request.at, version=grant.version, **values
            )
            return tagged(self.answer(decided), decided.version)

    def _case(self, visitor: Actor, reference: str) -> Case:
        rows = Case.objects.visible_to(visitor)
        case: Case | None = numbered(rows, reference, "CASE").first()
        if case is None:
            raise NotFound(_("There is no such case at this organization."))
        return case

    def _shown(self, rows: Any, *, many: bool = False) -> Any:
        return self.outputs[self.action](rows, many=many).data


def begin_session(visitor: Actor, grant: Grant, *, at: datetime) -> None:
    """A token has no button to press: its first read under an active grant opens the session."""
    if grant.staff_id != visitor.id or not grant.active(at):
        return  # the door refuses it, in its own words
    if not SupportSession.objects.filter(grant=grant).live(at).exists():
        open_api_session(grant, actor=visitor, at=at)


def _wish(data: dict[str, Any], case: Case) -> Wish:
    return Wish(
        reason_code=data["reason_code"],
        justification=data["justification"],
        bundle_gap=data["bundle_gap"],
        duration=timedelta(seconds=data["duration_seconds"]),
        capabilities=tuple(data["capabilities"]),
        scope=asked_scope(case, integrations=data["integrations"], resources=data["resources"]),
        starts_at=data["starts_at"],
    )


register("support/cases", SupportCaseViewSet, basename="api-support-case")
register("support/grants", SupportGrantViewSet, basename="api-support-grant")
