"""What the API shows of people, and what it reads."""

from typing import Any

from rest_framework import serializers

from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField
from tenants.models import ApiToken, Membership, Team
from tenants.permissions import BuiltInRole, Permission

ROLES = [(role.value, str(role.label)) for role in BuiltInRole]
SCOPES = [str(permission) for permission in Permission]


class TeamName(serializers.Serializer[Any]):
    id = serializers.UUIDField(source="team_id")
    name = serializers.CharField(source="team.name")
    is_lead = serializers.BooleanField()


class MemberOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    email = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    status = serializers.ChoiceField(choices=Membership.Status.choices)
    source = serializers.ChoiceField(  # type: ignore[assignment]
        choices=Membership.Source.choices
    )
    teams = TeamName(source="seen_places", many=True, help_text="Those you may know of.")
    joined_at = serializers.DateTimeField()
    last_seen_at = serializers.DateTimeField(allow_null=True)
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
    team = serializers.UUIDField(required=False)


class RoleInput(StrictSerializer):
    role = serializers.ChoiceField(choices=ROLES)


class InvitationInput(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    name = TextField(required=False, default="", allow_blank=True, max_length=120)
    role = serializers.ChoiceField(choices=ROLES)
    teams = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=100
    )


class InvitationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    invited_by = serializers.UUIDField(source="invited_by_id", allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()


class NoInput(StrictSerializer):
    """A verb that needs nothing said."""


class TeamInput(StrictSerializer):
    name = TextField(max_length=80)
    description = TextField(required=False, default="", allow_blank=True, max_length=300)
    visibility = serializers.ChoiceField(
        required=False, default=Team.Visibility.PUBLIC, choices=Team.Visibility.choices
    )


class TeamChange(StrictSerializer):
    name = TextField(required=False, max_length=80)
    description = TextField(required=False, allow_blank=True, max_length=300)
    visibility = serializers.ChoiceField(required=False, choices=Team.Visibility.choices)


class TeamOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    description = serializers.CharField()
    visibility = serializers.ChoiceField(choices=Team.Visibility.choices)
    members = serializers.IntegerField(source="size")
    created_at = serializers.DateTimeField()
    version = serializers.IntegerField(help_text="Also the ETag.")


class PlaceInput(StrictSerializer):
    member = serializers.UUIDField()
    is_lead = serializers.BooleanField(required=False, default=False)


class PlaceOutput(serializers.Serializer[Any]):
    member = serializers.UUIDField(source="membership_id")
    name = serializers.CharField(source="membership.name")
    is_lead = serializers.BooleanField()


class PlacesOutput(serializers.Serializer[Any]):
    results = PlaceOutput(many=True)


class TokenInput(StrictSerializer):
    name = TextField(max_length=80)
    kind = serializers.ChoiceField(
        required=False, default=ApiToken.Kind.PERSONAL, choices=ApiToken.Kind.choices
    )
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=SCOPES),
        min_length=1,
        max_length=len(SCOPES),
        help_text="What it may do; never more than you.",
    )
    days = serializers.IntegerField(min_value=1, max_value=365)
    address_rule = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=100,
        help_text="Addresses or networks, with commas.",
    )


class TokenOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ApiToken.Kind.choices)
    prefix = serializers.CharField()
    holder = serializers.UUIDField(source="owner_id")
    scopes = serializers.ListField(child=serializers.CharField())
    address_rule = serializers.CharField()
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    last_used_at = serializers.DateTimeField(allow_null=True)
    revoked_at = serializers.DateTimeField(allow_null=True)


class TokenMade(TokenOutput):
    token = serializers.CharField(allow_null=True, help_text="Shown this once.")


class PolicyOutput(serializers.Serializer[Any]):
    saml_allowed = serializers.BooleanField()
    google_allowed = serializers.BooleanField()
    microsoft_allowed = serializers.BooleanField()
    oidc_allowed = serializers.BooleanField()
    sso_enforced = serializers.BooleanField(
        help_text="Whether single sign-on alone opens the workspace now."
    )
    sso_enforced_at = serializers.DateTimeField(allow_null=True)
    sso_confirmed_at = serializers.DateTimeField(
        allow_null=True,
        help_text="When an admin came in by single sign-on since; without, it ends by itself.",
    )
    mfa_required = serializers.BooleanField()
    just_in_time = serializers.BooleanField()
    default_role = serializers.ChoiceField(choices=ROLES)
    default_teams = serializers.ListField(
        child=serializers.UUIDField(), help_text="Teams that newcomers join."
    )
    session_idle = serializers.FloatField(help_text="Minutes.")
    session_absolute = serializers.FloatField(help_text="Hours.")
    token_max_age = serializers.FloatField(help_text="Days.")
    cooling_off = serializers.FloatField(help_text="Minutes.")
    second_person_for_deletion = serializers.BooleanField()
    approval_quorum = serializers.IntegerField()
    version = serializers.IntegerField(help_text="Also the ETag.")


class PolicyInput(StrictSerializer):
    saml_allowed = serializers.BooleanField(required=False)
    google_allowed = serializers.BooleanField(required=False)
    microsoft_allowed = serializers.BooleanField(required=False)
    oidc_allowed = serializers.BooleanField(required=False)
    mfa_required = serializers.BooleanField(required=False)
    just_in_time = serializers.BooleanField(required=False)
    default_role = serializers.ChoiceField(required=False, choices=ROLES)
    default_teams = serializers.ListField(
        required=False, child=serializers.UUIDField(), max_length=50
    )
    session_idle = serializers.FloatField(required=False, min_value=1, max_value=30)
    session_absolute = serializers.FloatField(required=False, min_value=0.1, max_value=12)
    token_max_age = serializers.FloatField(required=False, min_value=1, max_value=365)
    cooling_off = serializers.FloatField(required=False, min_value=0, max_value=120)
    second_person_for_deletion = serializers.BooleanField(required=False)
    approval_quorum = serializers.IntegerField(required=False, min_value=1, max_value=5)
