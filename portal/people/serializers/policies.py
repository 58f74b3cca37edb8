"""The policy as the API takes and gives it."""

from typing import Any

from rest_framework import serializers

from portal.people.serializers.shared import ROLES
from portal.rest.serializers import StrictSerializer


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
    address_rule = serializers.CharField(
        help_text="Addresses and networks with commas, from which alone the workspace, its API "
        "and its directory are open; empty for all."
    )
    invitation_domains = serializers.ListField(
        child=serializers.CharField(), help_text="Where alone invitations go; empty for all."
    )
    stale_after = serializers.FloatField(help_text="Days after which an account is unused.")
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
    address_rule = serializers.CharField(required=False, allow_blank=True, max_length=10_000)
    invitation_domains = serializers.ListField(
        required=False, child=serializers.CharField(max_length=255), max_length=100
    )
    stale_after = serializers.FloatField(required=False, min_value=7, max_value=365)


class PolicyPreviewInput(PolicyInput):
    """The same values: what they would lead to is answered, and nothing is changed."""


class ConsequenceOutput(serializers.Serializer[Any]):
    words = serializers.CharField()
    names = serializers.ListField(child=serializers.CharField(), help_text="The first of them.")
    more = serializers.IntegerField()
    is_grave = serializers.BooleanField(help_text="Somebody is kept out, or too few are left.")


class PolicyPreviewOutput(serializers.Serializer[Any]):
    changed = serializers.ListField(child=serializers.CharField(), help_text="Names of values.")
    consequences = ConsequenceOutput(many=True)
