"""The customer's side of the API: statements of what was seen, and disputes of it."""

from typing import Any

from django.db.models import QuerySet
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.grants import statement_serializers as shapes
from portal.grants.actions.disputing import close_dispute, open_dispute
from portal.grants.models import AccessRecord, Dispute, Grant
from portal.grants.statements import signed_statement
from portal.rest.routing import register
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class StatementViewSet(PortalViewSet):
    """The statement of one grant, by the grant's id."""

    model = Grant
    permissions = {"retrieve": Permission.GRANT_VIEW}
    outputs = {"retrieve": shapes.StatementOutput}

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("case")

    def retrieve(self, request: Request, pk: str) -> Response:
        """Everything that was seen under a grant, as one signed document."""
        return Response(signed_statement(self.get_object(), at=self.request.at))


class DisputeViewSet(PortalViewSet):
    model = Dispute
    permissions = {
        "list": Permission.GRANT_VIEW,
        "retrieve": Permission.GRANT_VIEW,
        "create": open_dispute.permission,
        "close": close_dispute.permission,
    }
    parameters = {"list": shapes.DisputeQuery}
    inputs = {"create": shapes.DisputeInput}
    outputs = dict.fromkeys(permissions, shapes.DisputeOutput)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        status = self.query.get("status")
        rows = rows.select_related("case", "grant", "record")
        return rows.filter(status=status) if status else rows

    def list(self, request: Request) -> Response:
        """Disputed reads, newest first."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One dispute, with the vendor's answer once there is one."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Dispute one read. The vendor's support lead has 24 hours to answer."""
        data = self.read()
        grants = Grant.objects.visible_to(self.request.actor).filter(pk=data["grant"])
        read = AccessRecord.objects.filter(pk=data["record"], grant__in=grants).first()
        if read is None:
            said = "This grant has no such record."
            raise Invalid(said, errors={"record": [said]})
        dispute = open_dispute(
            read, actor=self.request.actor, at=self.request.at, reason=data["reason"]
        )
        return self.answer(dispute, status=201, location=f"/api/v1/disputes/{dispute.pk}")

    @verb(detail=True, methods=["post"])
    def close(self, request: Request, pk: str) -> Response:
        """Close a dispute and its case, answered or taken back."""
        close_dispute(self.get_object(), actor=self.request.actor, at=self.request.at)
        return self.answer(self.get_object())


register("statements", StatementViewSet, basename="api-statement")
register("disputes", DisputeViewSet, basename="api-dispute")
