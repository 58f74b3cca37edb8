"""The vendor's steps by hand, for support tooling."""

from typing import Any

from rest_framework import serializers
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.console.steps import shown, vendor_steps, visiting_step
from portal.grants.support.api import SupportViewSet
from portal.rest.routing import register
from portal.tickets.actions import (
    Evidence,
    answer_vendor_step,
    open_vendor_step,
    take_vendor_step,
)
from portal.tickets.models import Step
from portal.tickets.serializers import EvidenceInput, NoInput
from portal.ui.paging import Page


class VendorStepListed(serializers.Serializer[Any]):
    """That a step waits; what it asks is read by opening it, which the customer sees."""

    id = serializers.UUIDField()
    organization = serializers.CharField()
    number = serializers.CharField()
    kind = serializers.CharField()
    step = serializers.CharField()
    needs_reference = serializers.BooleanField()
    error_code = serializers.CharField()
    attempts = serializers.IntegerField()
    since = serializers.DateTimeField(allow_null=True)
    due_at = serializers.DateTimeField()
    assignee = serializers.CharField()


class VendorStepOutput(VendorStepListed):
    """As much of a step as its instruction needs: nothing of whom or what the request is about."""

    asks = serializers.CharField()
    evidence_asked = serializers.CharField()


class VendorStepAnswered(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.CharField()


class VendorStepViewSet(SupportViewSet):
    model = Step
    permissions = {
        "list": open_vendor_step.permission,
        "retrieve": open_vendor_step.permission,
        "take": take_vendor_step.permission,
        "complete": answer_vendor_step.permission,
    }
    inputs = {"take": NoInput, "complete": EvidenceInput}
    outputs = {
        **dict.fromkeys(permissions, VendorStepOutput),
        "list": VendorStepListed,
        "complete": VendorStepAnswered,
    }

    def list(self, request: Request) -> Response:
        """Steps of all customers that wait for the vendor, the most urgent first, at most 200."""
        return self.show_page(Page(vendor_steps(), "", ""), VendorStepListed)

    def retrieve(self, request: Request, pk: str) -> Response:
        """One step. The customer's log says who opened it."""
        with visiting_step(self.request.actor, self.kwargs["pk"]) as (visitor, step):
            return self.answer(shown(open_vendor_step(step, actor=visitor)))

    @verb(detail=True, methods=["post"])
    def take(self, request: Request, pk: str) -> Response:
        """Make the step one's own, whoever had it before."""
        self.read()
        with visiting_step(self.request.actor, self.kwargs["pk"]) as (visitor, step):
            return self.answer(shown(take_vendor_step(step, actor=visitor)))

    @verb(detail=True, methods=["post"])
    def complete(self, request: Request, pk: str) -> Response:
        """Say what was done. A step that had stopped is tried again at once."""
        given = self.read()
        evidence = Evidence(given["evidence"], given["reference"])
        with visiting_step(self.request.actor, self.kwargs["pk"]) as (visitor, step):
            ticket = answer_vendor_step(step, actor=visitor, at=self.request.at, evidence=evidence)
            return self.answer(ticket)


register("support/steps", VendorStepViewSet, basename="api-support-step")
