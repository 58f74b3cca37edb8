"""API tokens over the API: a token makes no tokens, so none are made here."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.people.machines import OVERLAP, tokens_in
from portal.people.serializers import tokens as shapes
from portal.rest.views import PortalViewSet
from tenants.actions.tokens import issue_token, revoke_token, rotate_token
from tenants.models import ApiToken


class TokenViewSet(PortalViewSet):
    model = ApiToken
    permissions = {
        "list": issue_token.permission,
        "retrieve": issue_token.permission,
        "destroy": issue_token.permission,
        "rotate": rotate_token.permission,
    }
    parameters = {"list": shapes.TokenQuery}
    inputs = {"rotate": shapes.TokenRotation}
    outputs = {
        **dict.fromkeys(("list", "retrieve"), shapes.TokenOutput),
        "rotate": shapes.TokenMade,
    }
    secrets = ("token",)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        if self.action != "list":
            return rows
        return tokens_in(rows, self.query, at=self.request.at)

    def list(self, request: Request) -> Response:
        """Your tokens, newest first; everybody's if you manage tokens. Never their text."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One token, without its text."""
        return self.answer(self.get_object())

    def destroy(self, request: Request, pk: UUID) -> Response:
        """End a token at once: your own, or anybody's if you manage tokens."""
        revoke_token(self.get_object(), actor=self.request.actor, at=self.request.at)
        return Response(status=204)

    @verb(detail=True, methods=["post"])
    def rotate(self, request: Request, pk: UUID) -> Response:
        """Replace a token by one with the same scopes, and let the old one work for a while.

        A token replaces itself and nothing else: the others are replaced in the browser.
        """
        old, overlap = self.get_object(), OVERLAP[self.read()["overlap"]]
        token, text = rotate_token(
            old, actor=self.request.actor, at=self.request.at, overlap=overlap
        )
        token.token = text  # type: ignore[attr-defined]
        return self.answer(token, status=201, location=f"/api/v1/tokens/{token.pk}")
