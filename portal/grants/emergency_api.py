"""The customer's side of the API: emergency access, off until an owner allows it."""

from datetime import timedelta
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import Invalid, NotFound
from portal.catalog.models import Integration, Resource
from portal.grants import rules
from portal.grants.actions.emergency import allow_emergency, withdraw_emergency
from portal.grants.choosing import as_scope
from portal.grants.emergency import Allowed, standing_consent
from portal.grants.emergency_forms import as_item
from portal.grants.models import EmergencyConsent
from portal.grants.rules import Capability, ReasonCode, ScopeItem
from portal.rest.routing import register_single
from portal.rest.serializers import StrictSerializer
from portal.rest.views import PortalViewSet
from tenants.access import Actor
from tenants.permissions import Permission

_USES = [int(each.total_seconds()) for each in rules.EMERGENCY_USES]


class EmergencyInput(StrictSerializer):
    """Names at least one integration or resource; nothing is ever meant by leaving them out."""

    reason_codes = serializers.ListField(
        child=serializers.ChoiceField(choices=ReasonCode.choices), min_length=1, max_length=10
    )
    capabilities = serializers.ListField(
        child=serializers.ChoiceField(choices=Capability.choices),
        min_length=1,
        max_length=10,
        help_text="Only what looks: status, metadata, values.",
    )
    integrations = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=200
    )
    resources = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=1000
    )
    longest_seconds = serializers.ChoiceField(choices=_USES)
    days = serializers.IntegerField(min_value=1, max_value=rules.EMERGENCY_LONGEST.days)


class EmergencyScope(serializers.Serializer[Any]):
    kind = serializers.CharField()
    object_id = serializers.UUIDField()
    name = serializers.CharField(source="label")


class EmergencyOutput(serializers.Serializer[Any]):
    allowed = serializers.BooleanField(help_text="While false, nobody can open anything.")
    allowed_by = serializers.CharField(allow_null=True)
    allowed_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True)
    reason_codes = serializers.ListField(child=serializers.CharField())
    capabilities = serializers.ListField(child=serializers.CharField())
    longest_seconds = serializers.IntegerField(allow_null=True)
    scope = EmergencyScope(many=True)


class EmergencyViewSet(PortalViewSet):
    model = EmergencyConsent
    permissions = {
        "retrieve": Permission.GRANT_VIEW,
        "create": allow_emergency.permission,
        "destroy": withdraw_emergency.permission,
    }
    inputs = {"create": EmergencyInput}
    outputs = dict.fromkeys(permissions, EmergencyOutput)

    def retrieve(self, request: Request) -> Response:
        """Whether emergency access is allowed, and what."""
        return self.answer(_shape(standing_consent(self.request.at)))

    def create(self, request: Request) -> Response:
        """Allow it in advance. Only an owner, with a step-up within the last five minutes."""
        data = self.read()
        allowed = Allowed(
            lasts=timedelta(days=data["days"]),
            longest=timedelta(seconds=int(data["longest_seconds"])),
            reason_codes=tuple(data["reason_codes"]),
            capabilities=tuple(data["capabilities"]),
            scope=_scope(self.request.actor, data),
        )
        made = allow_emergency(allowed, actor=self.request.actor, at=self.request.at)
        return self.answer(_shape(made), status=201)

    def destroy(self, request: Request) -> Response:
        """Withdraw it. All access that was opened under it has ended when this answers."""
        consent = standing_consent(self.request.at)
        if consent is None:
            raise NotFound(_("Emergency access is off, so there is nothing to withdraw."))
        withdraw_emergency(consent, actor=self.request.actor, at=self.request.at)
        return self.answer(_shape(None))


def _scope(actor: Actor, data: dict[str, Any]) -> tuple[ScopeItem, ...]:
    integrations = Integration.objects.visible_to(actor).filter(pk__in=data["integrations"])
    resources = Resource.objects.visible_to(actor).filter(pk__in=data["resources"])
    found = (*map(as_item, integrations), *map(as_scope, resources))
    if {item.object_id for item in found} != {*data["integrations"], *data["resources"]}:
        said = _("One of these does not exist in this workspace.")
        raise Invalid(said, errors={"integrations": [said]})
    return found


def _shape(consent: EmergencyConsent | None) -> dict[str, Any]:
    if consent is None:
        empty = dict.fromkeys(("allowed_by", "allowed_at", "expires_at", "longest_seconds"))
        return {**empty, "allowed": False, "reason_codes": [], "capabilities": [], "scope": []}
    return {
        "allowed": True,
        "allowed_by": consent.given_by_name,
        "allowed_at": consent.given_at,
        "expires_at": consent.expires_at,
        "reason_codes": consent.reason_codes,
        "capabilities": consent.capabilities,
        "longest_seconds": int(consent.longest.total_seconds()),
        "scope": consent.items(),
    }


register_single(
    "emergency-access",
    EmergencyViewSet,
    basename="api-emergency",
    verbs={"get": "retrieve", "post": "create", "delete": "destroy"},
)
