"""Invitations as the API takes and gives them."""

from typing import Any
from uuid import UUID

from rest_framework import serializers

from portal.people.bulk import MOST
from portal.people.importing import Verdict
from portal.people.invited import ASK_LABELS, invitations_of
from portal.people.listing import INVITATION_STATES
from portal.people.serializers.many import BulkInput
from portal.people.serializers.shared import ROLE_HELP, RoleField
from portal.people.sheets import LONGEST_CELL, MAX_LINES
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField


class InvitationInput(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    name = TextField(required=False, default="", allow_blank=True, max_length=120)
    role = RoleField()
    teams = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=100
    )
    access_ends_at = serializers.DateTimeField(
        required=False,
        default=None,
        allow_null=True,
        help_text="When the access ends by itself; null for no end.",
    )


class InvitationTeamName(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()


class InvitationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField(source="role_name", help_text=ROLE_HELP)
    role_label = serializers.CharField()
    teams = InvitationTeamName(source="seen_teams", many=True, help_text="Those you may know of.")
    invited_by = serializers.UUIDField(source="invited_by_id", allow_null=True)
    access_ends_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)


class InvitationEdit(StrictSerializer):
    """What stands here becomes so; what is left out stays."""

    role = RoleField(required=False)
    teams = serializers.ListField(
        child=serializers.UUIDField(),
        required=False,
        max_length=100,
        help_text="All that the person is to join, of those you may know of.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs:
            raise serializers.ValidationError({"role": "Name a role, or teams."})
        return attrs


class InvitedInput(BulkInput):
    invitations = serializers.ListField(
        child=serializers.UUIDField(), allow_empty=False, max_length=MOST
    )
    do = serializers.ChoiceField(
        choices=[(ask.value, str(said)) for ask, said in ASK_LABELS.items()]
    )

    def validate_invitations(self, value: list[UUID]) -> list[UUID]:
        found = invitations_of(value, self.actor)
        if found is None:
            raise serializers.ValidationError("One of them is no invitation here.")
        return found


class InvitedLineOutput(serializers.Serializer[Any]):
    invitation = serializers.UUIDField(source="invitation.pk")
    email = serializers.CharField(source="invitation.email")
    is_changed = serializers.BooleanField()
    said = serializers.CharField(
        source="reason", help_text="What becomes of it, or why it stays as it is."
    )
    gained = serializers.ListField(child=serializers.CharField(), help_text="Permissions.")
    lost = serializers.ListField(child=serializers.CharField())


class InvitedOutput(serializers.Serializer[Any]):
    done = serializers.BooleanField(help_text="Whether it happened, or would.")
    digest = serializers.CharField(source="outcome.digest")
    lines = InvitedLineOutput(source="outcome.lines", many=True)


class InvitationQuery(PageQuery):
    q = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=100, help_text="Name or address."
    )
    role = serializers.CharField(required=False, max_length=60, help_text=ROLE_HELP)
    team = serializers.UUIDField(required=False)
    state = serializers.ChoiceField(
        required=False, choices=[state for state in INVITATION_STATES if state]
    )


class ImportQuery(StrictSerializer):
    dry_run = serializers.BooleanField(
        required=False, default=False, help_text="Say what would happen, and do nothing."
    )
    only_good = serializers.BooleanField(
        required=False, default=False, help_text="Leave lines with a problem out."
    )


class PersonInput(StrictSerializer):
    email = TextField(max_length=LONGEST_CELL)
    name = TextField(required=False, default="", allow_blank=True, max_length=LONGEST_CELL)
    role = TextField(
        required=False,
        default="",
        allow_blank=True,
        max_length=LONGEST_CELL,
        help_text="Its name; viewer when empty.",
    )
    teams = serializers.ListField(
        child=TextField(max_length=LONGEST_CELL),
        required=False,
        default=list,
        max_length=100,
        help_text="Names of teams.",
    )
    access_ends_on = serializers.DateField(
        required=False, default=None, allow_null=True, help_text="At the end of this day, UTC."
    )


class ListInput(StrictSerializer):
    people = serializers.ListField(child=PersonInput(), allow_empty=False, max_length=MAX_LINES)


class LineOutput(serializers.Serializer[Any]):
    line = serializers.IntegerField(help_text="In CSV the line of the file, in JSON the place.")
    email = serializers.CharField()
    verdict = serializers.ChoiceField(choices=[verdict.value for verdict in Verdict])
    said = serializers.CharField(allow_blank=True)


class ReportOutput(serializers.Serializer[Any]):
    invited = serializers.IntegerField()
    ready = serializers.IntegerField()
    problems = serializers.IntegerField()
    lines = LineOutput(many=True)
