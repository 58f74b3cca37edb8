"""What waits for a person, for those who look at it elsewhere: the bell's own list."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.rest.routing import register_single
from portal.rest.views import PortalViewSet
from portal.ui.waiting import waiting_for


class WaitingThingOutput(serializers.Serializer[Any]):
    title = serializers.CharField()
    detail = serializers.CharField()
    reference = serializers.CharField(help_text="Of a request or a grant; empty for others.")
    url = serializers.CharField(help_text="The page on which to decide, from the root.")
    since = serializers.DateTimeField()
    due_at = serializers.DateTimeField(allow_null=True)


class WaitingOutput(serializers.Serializer[Any]):
    count = serializers.IntegerField()
    waiting = WaitingThingOutput(many=True)


class WaitingViewSet(PortalViewSet):
    permissions = {"retrieve": None}
    outputs = {"retrieve": WaitingOutput}

    def retrieve(self, request: Request) -> Response:
        """Approvals, hand-overs and steps by hand that wait for the holder, the longest first.

        Only what the holder may decide, cut to the token's scopes.
        """
        found = waiting_for(self.request.actor, self.request.at)
        return self.answer({"count": len(found), "waiting": found})


register_single("waiting", WaitingViewSet, basename="api-waiting", verbs={"get": "retrieve"})
