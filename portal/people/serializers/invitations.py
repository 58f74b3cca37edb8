"""Invitations as the API takes and gives them."""

from typing import Any

from rest_framework import serializers

from portal.people.importing import Verdict
from portal.people.listing import INVITATION_STATES
from portal.people.serializers.shared import ROLES
from portal.people.sheets import LONGEST_CELL, MAX_LINES
from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField


class InvitationInput(StrictSerializer):
    email = serializers.EmailField(max_length=254)
    name = TextField(required=False, default="", allow_blank=True, max_length=120)
    role = serializers.ChoiceField(choices=ROLES)
    teams = serializers.ListField(
        child=serializers.UUIDField(), required=False, default=list, max_length=100
    )
    access_ends_at = serializers.DateTimeField(
        required=False,
        default=None,
        allow_null=True,
        help_text="When the access ends by itself; null for no end.",
    )


class InvitationOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    email = serializers.CharField()
    name = serializers.CharField()
    role = serializers.ChoiceField(choices=ROLES)
    invited_by = serializers.UUIDField(source="invited_by_id", allow_null=True)
    access_ends_at = serializers.DateTimeField(allow_null=True)
    created_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    cancelled_at = serializers.DateTimeField(allow_null=True)


class InvitationQuery(PageQuery):
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
