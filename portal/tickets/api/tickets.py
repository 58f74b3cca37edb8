"""Requests through the API: list, file, withdraw, and what they proved."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from portal.tickets import serializers as shapes
from portal.tickets.actions import (
    Evidence,
    cancel_revocation,
    complete_step,
    confirm_deletion,
    file_deletion,
    file_revocation,
    hasten_revocation,
    retry_ticket,
    reverse_revocation,
    withdraw_deletion,
)
from portal.tickets.board import PLACES, counts_of
from portal.tickets.disposing import Choice
from portal.tickets.list_serializers import (
    BoardOutput,
    TicketConditions,
    TicketQuery,
    filter_of,
)
from portal.tickets.listing import Look, tickets_for
from portal.tickets.models import Finding, Part, Step, Tally, Ticket
from portal.tickets.previews import effect_of
from portal.tickets.report_serializers import PromiseReportOutput, ReportQuery
from portal.tickets.reporting import report_for
from portal.tickets.rules import Scope
from portal.tickets.subjects import Wish, subject_of
from portal.tickets.team_revoking import revoke_team
from tenants.permissions import Permission


class TicketViewSet(PortalViewSet):
    model = Ticket
    permissions = {
        "list": Permission.TICKET_VIEW,
        "retrieve": Permission.TICKET_VIEW,
        "board": Permission.TICKET_VIEW,
        "report": Permission.TICKET_VIEW,
        "evidence": Permission.TICKET_VIEW,
        "revocations": file_revocation.permission,
        "deletions": file_deletion.permission,
        "deletion_effect": file_deletion.permission,
        "confirm": confirm_deletion.permission,
        "withdraw": withdraw_deletion.permission,
        "cancel": cancel_revocation.permission,
        "hasten": hasten_revocation.permission,
        "reverse": reverse_revocation.permission,
        "retry": retry_ticket.permission,
        "complete_step": complete_step.permission,
    }
    parameters = {
        "list": TicketQuery,
        "board": TicketConditions,
        "report": ReportQuery,
        "deletion_effect": shapes.DeletionQuery,
    }
    inputs = {
        "revocations": shapes.RevocationInput,
        "deletions": shapes.DeletionInput,
        "confirm": shapes.NoInput,
        "withdraw": shapes.NoInput,
        "cancel": shapes.NoInput,
        "hasten": shapes.NoInput,
        "reverse": shapes.NoInput,
        "retry": shapes.NoInput,
        "complete_step": shapes.EvidenceInput,
    }
    outputs = {
        **dict.fromkeys(permissions, shapes.TicketOutput),
        "board": BoardOutput,
        "report": PromiseReportOutput,
        "evidence": shapes.EvidenceOutput,
        "deletion_effect": shapes.DeletionEffectOutput,
    }
    versioned = frozenset(
        {"confirm", "withdraw", "cancel", "hasten", "reverse", "retry", "complete_step"}
    )

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return rows
        return tickets_for(self._look, filter_of(self.query))

    @property
    def _look(self) -> Look:
        return Look(self.request.actor, self.request.at)

    def list(self, request: Request) -> Response:
        """Requests with their clocks, newest first unless `sort` says otherwise."""
        self.ordering = filter_of(self.query).order  # type: ignore[misc]
        return self.answer_page()

    @verb(detail=False, methods=["get"])
    def board(self, request: Request) -> Response:
        """How many requests stand in each column of the board; `view` lists what is in one."""
        counts = counts_of(self._look, filter_of(self.query))
        columns = [
            {"view": place.view, "label": str(place.label), "count": counts[place.view]}
            for place in PLACES
        ]
        return self.answer({"columns": columns})

    @verb(detail=False, methods=["get"])
    def report(self, request: Request) -> Response:
        """How the promise was kept, by month of receipt and kind, the newest month first."""
        return self.answer({"months": report_for(self._look, **self.query)})

    def retrieve(self, request: Request, pk: str) -> Response:
        """One request as it stands now, with its version as ETag."""
        return self._tagged(self.get_object())

    @verb(detail=True, methods=["get"])
    def evidence(self, request: Request, pk: str) -> Response:
        """The steps, each credential that was tried, each store counted before and after."""
        ticket = self.get_object()
        found = {
            "steps": _steps(ticket),
            "credentials": Finding.objects.filter(ticket=ticket).order_by("kind", "pk"),
            "stores": Tally.objects.filter(ticket=ticket).order_by("position"),
            "people": _people(ticket),
        }
        return self.answer(found)

    @verb(detail=False, methods=["post"])
    def revocations(self, request: Request) -> Response:
        """Block the access of a person, a service account or a whole team, now or later.

        Needs a step-up within the last five minutes.
        An open request about the same person is answered as it is; a scheduled one is brought
        forward when access is to end sooner. For a team there is a request for each person in it,
        which `evidence` names.
        """
        data = self.read()
        file = partial(revoke_team, data["team"])
        if data["team"] is None:
            file = partial(file_revocation, data["holder"], plan=_plan(data["plan"]))
        ticket = file(
            actor=self.request.actor,
            at=self.request.at,
            reason=data["reason"],
            source="api",
            effective_at=data["effective_at"],
        )
        return self._filed(ticket)

    @verb(detail=False, methods=["post"])
    def deletions(self, request: Request) -> Response:
        """Delete data after the cooling-off. Needs a step-up within the last five minutes.

        An open request about the same is answered as it is. Closing the workspace is for owners.
        """
        data = self.read()
        ticket = file_deletion(
            _wish(data),
            actor=self.request.actor,
            at=self.request.at,
            confirmation=data["confirmation"],
            reason=data["reason"],
            revoke=data["revoke"],
        )
        return self._filed(ticket)

    @verb(detail=False, methods=["get"], url_path="deletions/effect")
    def deletion_effect(self, request: Request) -> Response:
        """What a deletion would take and leave, counted now. Nothing is filed."""
        wish = _wish(self.query)
        effect = effect_of(wish, subject_of(wish, actor=self.request.actor))
        stays = [{"what": what, "because": why} for what, why in effect.stays]
        found = {
            "scope": effect.scope,
            "confirmation": effect.label,
            "goes": effect.goes,
            "stays": stays,
        }
        return self.answer(found)

    @verb(detail=True, methods=["post"])
    def confirm(self, request: Request, pk: str) -> Response:
        """The second person's yes to a deletion; the cooling-off begins."""
        return self._decided(confirm_deletion)

    @verb(detail=True, methods=["post"])
    def withdraw(self, request: Request, pk: str) -> Response:
        """Take a deletion back during its cooling-off."""
        return self._decided(withdraw_deletion)

    @verb(detail=True, methods=["post"])
    def cancel(self, request: Request, pk: str) -> Response:
        """Give a scheduled revocation up while access still stands. Needs a step-up."""
        return self._decided(cancel_revocation)

    @verb(detail=True, methods=["post"])
    def hasten(self, request: Request, pk: str) -> Response:
        """Let a scheduled revocation block access now. Needs a step-up."""
        return self._decided(hasten_revocation)

    @verb(detail=True, methods=["post"])
    def reverse(self, request: Request, pk: str) -> Response:
        """Give the access back while nothing is destroyed yet. Needs a step-up.

        Role and teams come back; sessions, tokens and invitations do not.
        """
        return self._decided(reverse_revocation)

    @verb(detail=True, methods=["post"])
    def retry(self, request: Request, pk: str) -> Response:
        """Wake a request that stopped after too many attempts."""
        return self._decided(retry_ticket)

    @verb(detail=True, methods=["post"], url_path="steps/<uuid:step>/complete")
    def complete_step(self, request: Request, pk: str, step: str) -> Response:
        """Say that what a waiting step asks for is done, and how."""
        ticket = self.get_object()
        found = Step.objects.filter(ticket=ticket, pk=step).first()
        if found is None:
            raise Http404
        require_version(self.request, ticket.version)
        given = self.read()
        done = complete_step(
            found,
            actor=self.request.actor,
            at=self.request.at,
            evidence=Evidence(given["evidence"], given["reference"]),
            version=ticket.version,
        )
        return self._tagged(done)

    def _decided(self, decide: Any) -> Response:
        ticket = self.get_object()
        require_version(self.request, ticket.version)
        self.read()
        decided = decide(
            ticket, actor=self.request.actor, at=self.request.at, version=ticket.version
        )
        return self._tagged(decided)

    def _filed(self, ticket: Ticket) -> Response:
        response = self.answer(ticket, status=201, location=f"/api/v1/tickets/{ticket.pk}")
        return tagged(response, ticket.version)

    def _tagged(self, ticket: Ticket) -> Response:
        return tagged(self.answer(ticket), ticket.version)


def _steps(ticket: Ticket) -> QuerySet[Step]:
    return Step.objects.filter(ticket=ticket).select_related("ticket").order_by("position")


def _plan(given: list[dict[str, Any]]) -> list[Choice]:
    return [Choice(one["thing"], one["id"], one["do"], one["to"]) for one in given]


def _people(ticket: Ticket) -> QuerySet[Part]:
    return Part.objects.filter(ticket=ticket).select_related("request").order_by("position")


def _wish(data: Mapping[str, Any]) -> Wish:
    return Wish(
        Scope(data["scope"]),
        integration_id=data.get("integration"),
        member_id=data.get("member"),
        data_class=data.get("data_class") or "",
    )
