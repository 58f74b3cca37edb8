"""Service accounts over the API."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.people.machines import ACCOUNT_ORDER, accounts_for, accounts_in, chosen_teams
from portal.people.serializers import service_accounts as shapes
from portal.people.serializers.shared import NoInput
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.guards import named_role
from tenants.actions.service_accounts import (
    change_service_account,
    create_service_account,
    delete_service_account,
    reinstate_service_account,
    suspend_service_account,
)
from tenants.models import ServiceAccount
from tenants.permissions import Permission


class ServiceAccountViewSet(PortalViewSet):
    model = ServiceAccount
    ordering = ACCOUNT_ORDER
    permissions = {
        "list": Permission.TOKEN_ISSUE,
        "retrieve": Permission.TOKEN_ISSUE,
        "create": create_service_account.permission,
        "partial_update": change_service_account.permission,
        "destroy": delete_service_account.permission,
        "suspend": suspend_service_account.permission,
        "reinstate": reinstate_service_account.permission,
    }
    parameters = {"list": shapes.ServiceAccountQuery}
    inputs = {
        "create": shapes.ServiceAccountInput,
        "partial_update": shapes.ServiceAccountChange,
        "suspend": NoInput,
        "reinstate": NoInput,
    }
    outputs = dict.fromkeys(
        ("list", "retrieve", "create", "partial_update", "suspend", "reinstate"),
        shapes.ServiceAccountOutput,
    )
    versioned = frozenset({"partial_update"})

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        seen = accounts_for(self.request.actor, at=self.request.at)
        seen = seen.filter(pk__in=rows.values("pk"))
        if self.action != "list":
            return seen
        return accounts_in(seen, self.query, at=self.request.at)

    def list(self, request: Request) -> Response:
        """Those you answer for; all of them if you manage tokens. Deleted ones by their state."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One service account, with the version as ETag."""
        return self._tagged(self.get_object())

    def create(self, request: Request) -> Response:
        """Make a machine that you answer for, with no more than you hold. Needs a step-up."""
        actor, data = self.request.actor, self.read()
        teams = chosen_teams(data.pop("teams"), actor=actor)
        role = named_role(data.pop("role"))
        made = create_service_account(actor=actor, at=self.request.at, teams=teams, **role, **data)
        response = self._shown(made, status=201, location=f"/api/v1/service-accounts/{made.pk}")
        return tagged(response, made.version)

    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change what you say, from its next request on. Needs a step-up."""
        account, actor, data = self.get_object(), self.request.actor, self.read()
        require_version(self.request, account.version)
        if "teams" in data:
            data["teams"] = chosen_teams(data["teams"], actor=actor, account=account)
        if "role" in data:
            data |= {"role": "", **named_role(data.pop("role"))}
        changed = change_service_account(
            account, actor=actor, at=self.request.at, version=account.version, **data
        )
        return tagged(self._shown(changed), changed.version)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """End it and all its tokens for good. Needs a step-up."""
        delete_service_account(self.get_object(), actor=self.request.actor, at=self.request.at)
        return Response(status=204)

    @verb(detail=True, methods=["post"])
    def suspend(self, request: Request, pk: UUID) -> Response:
        """Stop its tokens at once, until it is let in again. Needs a step-up."""
        account = self.get_object()
        self.read()
        return self._shown(
            suspend_service_account(account, actor=self.request.actor, at=self.request.at)
        )

    @verb(detail=True, methods=["post"])
    def reinstate(self, request: Request, pk: UUID) -> Response:
        """Let it in again, with no more than you hold. Needs a step-up."""
        account = self.get_object()
        self.read()
        return self._shown(reinstate_service_account(account, actor=self.request.actor))

    def _shown(self, account: ServiceAccount, **options: Any) -> Response:
        """Read again as the list reads it: with its teams and tokens."""
        row = accounts_for(self.request.actor, at=self.request.at).get(pk=account.pk)
        return self.answer(row, **options)

    def _tagged(self, account: ServiceAccount) -> Response:
        return tagged(self.answer(account), account.version)
