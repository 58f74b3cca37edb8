"""The staff's side of the API: everything a grant covers, as one stream."""

import json
from collections.abc import Iterator
from typing import cast
from uuid import UUID

from django.http import HttpResponse, StreamingHttpResponse
from django.utils.translation import gettext as _
from rest_framework.request import Request

from audit.refusals import NotPermitted
from portal.grants.exporting import Piece, as_json, resource_pieces
from portal.grants.models import Grant
from portal.grants.staff import visiting_grant
from portal.grants.support import serializers as shapes
from portal.grants.support.api import SupportViewSet, begin_session
from portal.rest.routing import register
from portal.ui.exports import download_headers
from tenants.models import ApiToken
from tenants.permissions import Permission


class SupportExportViewSet(SupportViewSet):
    """All resources that one's grant covers, by the grant's id."""

    model = Grant
    permissions = {"retrieve": Permission.GRANT_REQUEST}
    outputs = {"retrieve": shapes.ResourceReadOutput}

    def retrieve(self, request: Request, pk: UUID) -> HttpResponse:
        """All resources in scope as JSON Lines; shown to the customer as read, piece by piece.

        `application/jsonl`. The last line is `{"complete": true}`, or false when the access
        ended while the lines were sent.
        """
        actor = self.request.actor
        if actor.token is None or actor.token.kind != ApiToken.Kind.PERSONAL:
            raise NotPermitted(_("Customer data is read with a person's own token only."))
        with visiting_grant(actor, pk) as (visitor, grant):
            begin_session(visitor, grant, at=self.request.at)
        pieces = resource_pieces(actor, pk, route="api export")
        headers = download_headers(f"{grant.reference}.jsonl", "application/jsonl; charset=utf-8")
        return cast("HttpResponse", StreamingHttpResponse(_lines(pieces), headers=headers))


def _lines(pieces: Iterator[Piece]) -> Iterator[str]:
    ended = False
    for piece in pieces:
        ended = piece.ended
        yield from (json.dumps(as_json(row), ensure_ascii=False) + "\n" for row in piece.rows)
    yield json.dumps({"complete": not ended}) + "\n"


register("support/exports", SupportExportViewSet, basename="api-support-export")
