"""The customer's side of the API: how diagnostic access was decided and used."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.grants.measure_serializers import AccessReportOutput, AccessReportQuery
from portal.grants.measuring import measures, months, own_sources
from portal.grants.models import Grant
from portal.rest.routing import register_single
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class AccessReportViewSet(PortalViewSet):
    model = Grant
    permissions = {"retrieve": Permission.GRANT_VIEW}
    parameters = {"retrieve": AccessReportQuery}
    outputs = {"retrieve": AccessReportOutput}

    def retrieve(self, request: Request) -> Response:
        """Time to decision, time used and reads: for each request, and by month."""
        found = measures(own_sources(self.request.actor), at=self.request.at, **self.query)
        return self.answer({"months": months(found), "grants": found})


register_single(
    "access-report",
    AccessReportViewSet,
    basename="api-access-report",
    verbs={"get": "retrieve"},
)
