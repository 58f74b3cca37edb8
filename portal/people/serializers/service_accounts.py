"""Service accounts as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.people.machines import ACCOUNT_STATES
from portal.people.serializers.shared import ROLE_HELP, RoleField
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField
from tenants.actions.service_accounts import LONGEST_DESCRIPTION, LONGEST_NAME
from tenants.models.service_accounts import LONGEST_RULE

RULE_HELP = "Addresses or networks, with commas."
END_HELP = "An instant to come; null for no end."


class ServiceAccountTeam(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="team_id")
    name = serializers.CharField(source="team.name")


class ServiceAccountOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    role = serializers.CharField(source="role_name", help_text=ROLE_HELP)
    role_label = serializers.CharField()
    teams = ServiceAccountTeam(source="seen_places", many=True, help_text="Those you may know of.")
    owner = serializers.UUIDField(source="owner_id", help_text="The member who answers for it.")
    address_rule = serializers.CharField()
    tokens = serializers.IntegerField(source="live", help_text="How many work now.")
    created_at = serializers.DateTimeField()
    access_ends_at = serializers.DateTimeField(allow_null=True)
    suspended_at = serializers.DateTimeField(allow_null=True)
    deleted_at = serializers.DateTimeField(allow_null=True)
    version = serializers.IntegerField(help_text="Also the ETag.")


class ServiceAccountQuery(PageQuery):
    q = serializers.CharField(required=False, allow_blank=True, max_length=100)
    state = serializers.ChoiceField(required=False, choices=list(ACCOUNT_STATES))


class ServiceAccountInput(StrictSerializer):
    name = TextField(max_length=LONGEST_NAME)
    description = TextField(
        required=False, default="", allow_blank=True, max_length=LONGEST_DESCRIPTION
    )
    role = RoleField()
    teams = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=100
    )
    address_rule = TextField(
        required=False, default="", allow_blank=True, max_length=LONGEST_RULE, help_text=RULE_HELP
    )
    access_ends_at = serializers.DateTimeField(
        required=False, default=None, allow_null=True, help_text=END_HELP
    )


class ServiceAccountChange(StrictSerializer):
    name = TextField(required=False, max_length=LONGEST_NAME)
    description = TextField(required=False, allow_blank=True, max_length=LONGEST_DESCRIPTION)
    role = RoleField(required=False)
    teams = serializers.ListField(child=serializers.UUIDField(), required=False, max_length=100)
    address_rule = TextField(
        required=False, allow_blank=True, max_length=LONGEST_RULE, help_text=RULE_HELP
    )
    access_ends_at = serializers.DateTimeField(required=False, allow_null=True, help_text=END_HELP)
