"""The customer's side of the API: diagnosis bundles."""

import json
from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid
from portal.grants.actions.bundling import make_bundle, send_bundle
from portal.grants.models import Bundle, BundleOpening, Case
from portal.rest.routing import register
from portal.rest.serializers import StrictSerializer
from portal.rest.views import PortalViewSet
from tenants.permissions import Permission


class BundleInput(StrictSerializer):
    case = serializers.UUIDField()


class BundleSending(StrictSerializer):
    leave_out = serializers.ListField(
        child=serializers.IntegerField(min_value=0),
        required=False,
        default=list,
        max_length=5000,
        help_text="Places in `lines`, from 0, that are not to be sent.",
    )


class BundleLine(serializers.Serializer[Any]):
    part = serializers.CharField()
    name = serializers.CharField()
    value = serializers.JSONField(allow_null=True)


class BundleFacts(serializers.ModelSerializer[Bundle]):
    case = serializers.CharField(source="case.reference")
    is_sent = serializers.BooleanField()
    lines = BundleLine(many=True)

    class Meta:
        model = Bundle
        fields = ["id", "case", "made_at", "is_sent", "sent_at", "lines"]


class OpeningOutput(serializers.ModelSerializer[BundleOpening]):
    class Meta:
        model = BundleOpening
        fields = ["at", "staff_id", "staff_name", "route"]


class BundleOutput(BundleFacts):
    made_by = serializers.CharField(source="made_by_name")
    sent_by = serializers.CharField(source="sent_by_name")
    openings = OpeningOutput(many=True)
    document = serializers.SerializerMethodField()

    class Meta(BundleFacts.Meta):
        fields = [*BundleFacts.Meta.fields, "made_by", "sent_by", "openings", "document"]

    def get_document(self, bundle: Bundle) -> dict[str, Any] | None:
        """What was signed, to be kept and checked; null until it is sent."""
        return dict(json.loads(bundle.document)) if bundle.document else None


class BundleViewSet(PortalViewSet):
    model = Bundle
    permissions = {
        "list": Permission.CASE_VIEW,
        "retrieve": Permission.CASE_VIEW,
        "create": make_bundle.permission,
        "send": send_bundle.permission,
    }
    inputs = {"create": BundleInput, "send": BundleSending}
    outputs = dict.fromkeys(permissions, BundleOutput)

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows.select_related("case").prefetch_related("openings")

    def list(self, request: Request) -> Response:
        """Diagnosis bundles, drafts too, newest first."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: str) -> Response:
        """One bundle, with who of the vendor's staff opened it."""
        return self.answer(self.get_object())

    def create(self, request: Request) -> Response:
        """Make a draft for a case. Nobody but you sees it; read its lines before you send it."""
        actor, wanted = self.request.actor, self.read()["case"]
        case = Case.objects.visible_to(actor).filter(pk=wanted).first()
        if case is None:
            said = "There is no such case in this workspace."
            raise Invalid(said, errors={"case": [said]})
        made = make_bundle(case, actor=actor, at=self.request.at)
        return self.answer(made, status=201, location=f"/api/v1/bundles/{made.pk}")

    @verb(detail=True, methods=["post"])
    def send(self, request: Request, pk: str) -> Response:
        """Sign the lines and send them with the case. Needs a step-up."""
        send_bundle(
            self.get_object(),
            actor=self.request.actor,
            at=self.request.at,
            leave_out=self.read()["leave_out"],
        )
        return self.answer(self.get_object())


register("bundles", BundleViewSet, basename="api-bundle")
