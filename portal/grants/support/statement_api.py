"""The staff's side of the API: what one saw oneself, and the disputes to answer."""

from uuid import UUID

from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.grants import statement_serializers as shapes
from portal.grants.across_disputes import dispute_page, visiting_dispute
from portal.grants.actions.disputing import answer_dispute
from portal.grants.models import Dispute, Grant
from portal.grants.staff import visiting_grant
from portal.grants.statements import signed_statement
from portal.grants.support.api import SupportViewSet
from portal.rest.routing import register
from tenants.permissions import Permission


class SupportStatementViewSet(SupportViewSet):
    """The statement of one's own grant, by the grant's id."""

    model = Grant
    permissions = {"retrieve": Permission.GRANT_VIEW}
    outputs = {"retrieve": shapes.StatementOutput}

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """What was seen under a grant: kinds, ids and times, without the objects' names."""
        with visiting_grant(self.request.actor, pk) as (_visitor, grant):
            return Response(signed_statement(grant, at=self.request.at, named=False))


class SupportDisputeViewSet(SupportViewSet):
    """Disputes of all customers, for the leads who answer them."""

    model = Dispute
    permissions = {
        "list": answer_dispute.permission,
        "retrieve": answer_dispute.permission,
        "answer_it": answer_dispute.permission,
    }
    parameters = {"list": shapes.DisputeQuery}
    inputs = {"answer_it": shapes.DisputeAnswerInput}
    outputs = dict.fromkeys(permissions, shapes.SupportDisputeOutput)

    def list(self, request: Request) -> Response:
        """Disputed reads of all customers by their clocks, the most urgent first."""
        page = dispute_page(
            self.request.actor,
            status=self.query.get("status"),
            cursor=self.query["cursor"],
            size=self.query["size"],
        )
        return self.show_page(page, shapes.SupportDisputeOutput)

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One dispute."""
        with visiting_dispute(self.request.actor, pk) as (_visitor, dispute):
            return self.answer(dispute)

    @verb(detail=True, methods=["post"], url_path="answer")
    def answer_it(self, request: Request, pk: UUID) -> Response:
        """Answer a dispute; never one about one's own read."""
        with visiting_dispute(self.request.actor, pk) as (visitor, dispute):
            done = answer_dispute(
                dispute, actor=visitor, at=self.request.at, answer=self.read()["answer"]
            )
            return self.answer(done)


register("support/statements", SupportStatementViewSet, basename="api-support-statement")
register("support/disputes", SupportDisputeViewSet, basename="api-support-dispute")
