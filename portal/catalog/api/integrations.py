"""Data sources over the API."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.catalog import credentials
from portal.catalog import serializers as shapes
from portal.catalog.actions import (
    change_connection,
    change_integration,
    create_integration,
    pause_integration,
    resume_integration,
    run_integration,
    schedule_integration,
)
from portal.catalog.api.pushing import PushMixin
from portal.catalog.ingest.trying import try_connection
from portal.catalog.models import Integration
from portal.rest.views import PortalViewSet
from tenants.models import Membership
from tenants.permissions import Permission

OWN_FIELDS = frozenset({"name", "kind", "password", "connection"})


class IntegrationViewSet(PushMixin, PortalViewSet):
    model = Integration
    permissions = {
        "list": Permission.INTEGRATION_VIEW,
        "retrieve": Permission.INTEGRATION_VIEW,
        "create": create_integration.permission,
        "partial_update": change_integration.permission,
        "connection": change_connection.permission,
        "schedule": schedule_integration.permission,
        "pause": pause_integration.permission,
        "resume": resume_integration.permission,
        "run": run_integration.permission,
        "test": change_connection.permission,
        "test_kept": change_connection.permission,
        **PushMixin.permissions,
    }
    inputs = {
        "create": shapes.IntegrationInput,
        "partial_update": shapes.IntegrationChange,
        "connection": shapes.ConnectionInput,
        "schedule": shapes.ScheduleInput,
        "test": shapes.TrialInput,
        **PushMixin.inputs,
    }
    outputs = {
        **dict.fromkeys(permissions, shapes.IntegrationOutput),
        "run": shapes.ImportOutput,
        "test": shapes.TrialOutput,
        "test_kept": shapes.TrialOutput,
        **PushMixin.outputs,
    }
    ordering = ("name", "id")

    def list(self, request: Request) -> Response:
        """Data sources, by name."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One data source, how its last run went and when it runs next."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Connect a data source. Files of dbt are sent to /imports, documents to its /push."""
        with _naming_connection():
            made = create_integration(actor=self.request.actor, at=self.request.at, **self.read())
        return self.answer(made, status=201, location=f"/api/v1/integrations/{made.pk}")

    def partial_update(self, request: Request, pk: str) -> Response:
        """Rename it, or hand it to another owner."""
        integration, data = self.get_object(), self.read()
        changed = change_integration(
            integration,
            actor=self.request.actor,
            name=data.get("name", integration.name),
            owner=self._owner(data.get("owner", integration.owner_id)),
        )
        return self.answer(changed)

    @verb(detail=True, methods=["post"])
    def connection(self, request: Request, pk: str) -> Response:
        """Read it elsewhere, or as somebody else. A run that is open stops.

        A password that is left out is kept, as long as it goes to the same server and login.
        Needs a step-up within the last five minutes.
        """
        with _naming_connection():
            changed = change_connection(
                self.get_object(), actor=self.request.actor, at=self.request.at, **self.read()
            )
        return self.answer(changed)

    @verb(detail=True, methods=["post"])
    def schedule(self, request: Request, pk: str) -> Response:
        """Say when it is read."""
        integration, given = self.get_object(), self.read()
        changed = schedule_integration(
            integration,
            actor=self.request.actor,
            at=self.request.at,
            schedule=shapes.schedule_of(given),
        )
        return self.answer(changed)

    @verb(detail=True, methods=["post"])
    def pause(self, request: Request, pk: str) -> Response:
        """Stop reading from it; a run that is open stops within a minute."""
        integration = pause_integration(
            self.get_object(), actor=self.request.actor, at=self.request.at
        )
        return self.answer(integration)

    @verb(detail=True, methods=["post"])
    def resume(self, request: Request, pk: str) -> Response:
        """Allow runs again."""
        return self.answer(resume_integration(self.get_object(), actor=self.request.actor))

    @verb(detail=True, methods=["post"])
    def run(self, request: Request, pk: str) -> Response:
        """Read it now. How far it is stands under /imports."""
        run = run_integration(self.get_object(), actor=self.request.actor, at=self.request.at)
        return self.answer(run, status=201, location=f"/api/v1/imports/{run.pk}")

    @verb(detail=False, methods=["post"])
    def test(self, request: Request) -> Response:
        """Try a connection before it is kept. Nothing is stored."""
        data = self.read()
        with _naming_connection():
            trial = try_connection(
                data["kind"],
                data["connection"],
                password=data["password"],
                workspace=self.request.actor.organization.slug,
            )
        return self.answer(trial)

    @verb(detail=True, methods=["post"], url_path="test")
    def test_kept(self, request: Request, pk: str) -> Response:
        """Try the connection as it is kept."""
        integration = self.get_object()
        trial = try_connection(
            integration.kind,
            integration.connection,
            password=credentials.opened(integration),
            workspace=self.request.actor.organization.slug,
        )
        return self.answer(trial)

    def _owner(self, pk: Any) -> Membership | None:
        if pk is None:
            return None
        owner = Membership.objects.filter(pk=pk, status=Membership.Status.ACTIVE).first()
        if owner is None:
            said = _("There is no such person in this workspace.")
            raise Invalid(_("The owner does not hold."), {"owner": said})
        return owner


@contextmanager
def _naming_connection() -> Iterator[None]:
    """Errors of the connection under the name it has in the body."""
    try:
        yield
    except Invalid as refusal:
        errors = {
            name if name in OWN_FIELDS else f"connection.{name}": said
            for name, said in refusal.errors.items()
        }
        raise Invalid(refusal.message, errors) from refusal
