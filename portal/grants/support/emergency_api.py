"""The staff's side of the API: agreeing to open a request as an emergency."""

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.grants.actions.emergency import agree_emergency
from portal.grants.models import Grant
from portal.grants.staff import visiting_grant
from portal.grants.support import serializers as shapes
from portal.grants.support.api import SupportViewSet
from portal.rest.routing import register
from portal.rest.serializers import StrictSerializer


class AgreementInput(StrictSerializer):
    grant = serializers.UUIDField(help_text="The request that a colleague has made.")


class SupportEmergencyViewSet(SupportViewSet):
    model = Grant
    permissions = {"create": agree_emergency.permission}
    inputs = {"create": AgreementInput}
    outputs = {"create": shapes.SupportGrantOutput}

    def create(self, request: Request) -> Response:
        """Agree to open a request as an emergency; the second of two leads opens it.

        Refused unless an owner of the customer has allowed exactly this. Needs a step-up.
        """
        with visiting_grant(self.request.actor, self.read()["grant"]) as (visitor, grant):
            agreed = agree_emergency(grant, actor=visitor, at=self.request.at)
            return self.answer(agreed, status=201)


register("support/emergencies", SupportEmergencyViewSet, basename="api-support-emergency")
