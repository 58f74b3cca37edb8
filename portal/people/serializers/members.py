"""Members as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.people.member_listing import USES
from portal.people.serializers.shared import ROLE_HELP, ROLES, RoleField, TeamName
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField
from tenants.models import Entry, Membership
from tenants.permissions import BuiltInRole


class MemberOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()
    role = serializers.CharField(source="role_name", help_text=ROLE_HELP)
    role_label = serializers.CharField()
    status = serializers.ChoiceField(choices=Membership.Status.choices)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Membership.Source.choices
    )
    teams = TeamName(source="seen_places", many=True, help_text="Those you may know of.")
    joined_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
    last_method = serializers.ChoiceField(
        choices=Entry.Method.choices, allow_null=True, help_text="How they last signed in."
    )
    access_ends_at = serializers.DateTimeField(allow_null=True)
    access_blocked_at = serializers.DateTimeField(source="contained_at", allow_null=True)
    access_revoked_at = serializers.DateTimeField(source="revoked_at", allow_null=True)
    version = serializers.IntegerField(help_text="Also the ETag.")


class MemberQuery(PageQuery):
    q = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=100, help_text="Name or address."
    )
    role = serializers.ChoiceField(required=False, choices=ROLES)
    status = serializers.ChoiceField(required=False, choices=Membership.Status.choices)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        required=False, choices=Membership.Source.choices
    )
    custom_role = serializers.UUIDField(required=False, help_text="A role made here.")
    team = serializers.UUIDField(required=False)
    use = serializers.ChoiceField(
        required=False,
        choices=list(USES.items()),
        help_text="`unused`: not seen for as long as the policy says.",
    )


class RoleInput(StrictSerializer):
    role = RoleField()


class SuspensionInput(StrictSerializer):
    reason = TextField(
        required=False, default="", allow_blank=True, max_length=500, help_text="For the log."
    )


class ReturnInput(StrictSerializer):
    role = RoleField(default=BuiltInRole.VIEWER.value)


class EndInput(StrictSerializer):
    access_ends_at = serializers.DateTimeField(
        allow_null=True, help_text="An instant to come; null for no end."
    )
