"""API tokens as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.people.machines import OVERLAP, TOKEN_STATES, TOKEN_USES
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer
from tenants.models import ApiToken


class TokenQuery(PageQuery):
    q = serializers.CharField(
        required=False, allow_blank=True, max_length=100, help_text="Name, or the beginning."
    )
    holder = serializers.UUIDField(required=False, help_text="A member or a service account.")
    kind = serializers.ChoiceField(required=False, choices=ApiToken.Kind.choices)
    state = serializers.ChoiceField(required=False, choices=list(TOKEN_STATES))
    use = serializers.ChoiceField(required=False, choices=list(TOKEN_USES))


class TokenRotation(StrictSerializer):
    overlap = serializers.ChoiceField(
        choices=list(OVERLAP), help_text="How long the old token goes on working."
    )


class TokenOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ApiToken.Kind.choices)
    prefix = serializers.CharField()
    holder = serializers.UUIDField(
        source="owner_id", help_text="The member; of a service account, who answers for it."
    )
    service_account = serializers.UUIDField(source="service_account_id", allow_null=True)
    scopes = serializers.ListField(child=serializers.CharField())
    address_rule = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    last_used_address = serializers.CharField(allow_null=True)
    rotated_at = serializers.DateTimeField(allow_null=True)
    successor = serializers.UUIDField(source="successor_id", allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class TokenMade(TokenOutput):
    token = serializers.CharField(allow_null=True, help_text="Shown this once.")
