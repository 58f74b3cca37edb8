"""The vendor's own rules of support, over the API: read, changed, confirmed."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import NotFound
from portal.grants.actions.vendor import attest_policy, change_support_rules
from portal.grants.models import Attestation, SupportRules
from portal.grants.models.vendor import MOST_APPROVERS
from portal.grants.support.api.grants import SupportViewSet
from portal.grants.vendor import Standing, standing_of, support_rules
from portal.rest.routing import register_single
from portal.rest.serializers import StrictSerializer, TextField
from tenants.permissions import Permission


class SupportRulesInput(StrictSerializer):
    """What is left out stays as it is; `version` is the one that was read, 0 for the first."""

    version = serializers.IntegerField(min_value=0)
    text = TextField(max_length=20_000, required=False)
    attestation_lasts = serializers.DurationField(required=False)
    pool = serializers.ListField(
        child=serializers.UUIDField(), required=False, max_length=MOST_APPROVERS
    )
    pool_most = serializers.IntegerField(required=False, min_value=1, max_value=MOST_APPROVERS)
    countries = serializers.ListField(child=TextField(max_length=2), required=False, max_length=300)


class SupportRulesOutput(serializers.ModelSerializer[SupportRules]):
    class Meta:
        model = SupportRules
        fields = [
            "version",
            "text",
            "text_version",
            "attestation_lasts",
            "pool",
            "pool_most",
            "countries",
        ]


class AttestationInput(StrictSerializer):
    text_version = serializers.IntegerField(min_value=1)
    country = TextField(max_length=2, help_text="ISO 3166-1, two letters.")


class StandingOutput(serializers.Serializer[Any]):
    """Whether the holder of the token may ask for diagnostic access, and what is missing."""

    is_ready = serializers.BooleanField()
    missing = serializers.ListField(child=serializers.CharField())
    country = serializers.CharField()
    attested_until = serializers.DateTimeField(allow_null=True)
    text = serializers.SerializerMethodField()
    text_version = serializers.SerializerMethodField()

    def get_text(self, standing: Standing) -> str:
        return standing.rules.text if standing.rules else ""

    def get_text_version(self, standing: Standing) -> int:
        return standing.rules.text_version if standing.rules else 0


class SupportRulesViewSet(SupportViewSet):
    model = SupportRules
    permissions = {"retrieve": Permission.POLICY_VIEW, "change": change_support_rules.permission}
    inputs = {"change": SupportRulesInput}
    outputs = dict.fromkeys(permissions, SupportRulesOutput)

    def retrieve(self, request: Request) -> Response:
        """The rules in force: policy, who checks requests, allowed countries."""
        rules = support_rules()
        if rules is None:
            raise NotFound("The rules of support are not written yet.")
        return self.answer(rules)

    def change(self, request: Request) -> Response:
        """Change the rules. Needs a step-up within the last five minutes."""
        return self.answer(change_support_rules(actor=self.request.actor, **self.read()))


class AttestationViewSet(SupportViewSet):
    model = Attestation
    permissions = {"retrieve": Permission.CONSOLE_VIEW, "create": attest_policy.permission}
    inputs = {"create": AttestationInput}
    outputs = dict.fromkeys(permissions, StandingOutput)

    def retrieve(self, request: Request) -> Response:
        """The policy for support, and whether one may ask for diagnostic access."""
        return self._standing()

    def create(self, request: Request) -> Response:
        """Confirm the policy in its present words, and say in which country one works."""
        attest_policy(actor=self.request.actor, at=self.request.at, **self.read())
        return self._standing(status=201)

    def _standing(self, *, status: int = 200) -> Response:
        person = self.request.actor.membership
        if person is None:
            raise NotFound("Only a person can confirm a policy.")
        person.refresh_from_db()
        return self.answer(standing_of(person, self.request.at), status=status)


register_single(
    "support/rules",
    SupportRulesViewSet,
    basename="api-support-rules",
    verbs={"get": "retrieve", "patch": "change"},
)
register_single(
    "support/attestation",
    AttestationViewSet,
    basename="api-support-attestation",
    verbs={"get": "retrieve", "post": "create"},
)
