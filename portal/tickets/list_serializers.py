"""The list of requests as the API narrows it, and filters that are kept."""

from collections.abc import Mapping
from datetime import UTC
from typing import Any
from urllib.parse import parse_qsl, urlencode

from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext as _
from rest_framework import serializers

from portal.rest.pagination import PageQuery
from portal.rest.serializers import StrictSerializer, TextField
from portal.tickets.board import PLACES
from portal.tickets.list_forms import FIRST_DAY, LAST_DAY, period
from portal.tickets.listing import ORDER_LABELS, VIEWS, TicketFilter
from portal.tickets.models.saved import LONGEST_NAME, LONGEST_QUERY
from portal.tickets.rules import Kind, Scope, Status
from portal.tickets.sources import known_sources

_DAYS = [MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)]
_PAGING = ("cursor", "size", "late", "from", "to")


def _text(help_text: str) -> TextField:
    return TextField(required=False, allow_blank=True, max_length=100, help_text=help_text)


class TicketConditions(StrictSerializer):
    """The conditions that list, board and reports of requests share."""

    kind = serializers.ChoiceField(choices=Kind.choices, required=False)
    status = serializers.ChoiceField(choices=Status.choices, required=False)
    scope = serializers.ChoiceField(choices=Scope.choices, required=False)
    source = _text(  # type: ignore[assignment]
        "How it was filed, such as `person`, `api` or `directory`."
    )
    person = _text("About whom: a part of the name or address, or the member's id.")
    requester = _text("Who filed it: a part of the name or address, or the member's id.")
    q = _text("Number, subject, requester or reason.")

    def get_fields(self) -> dict[str, Any]:
        # `from` is a word of Python and the right word in an address.
        return {
            **super().get_fields(),
            "from": _day("First day of receipt, in UTC."),
            "to": _day("Last day of receipt, in UTC."),
        }

    def validate_source(self, value: str) -> str:
        if value and value not in known_sources():
            raise serializers.ValidationError(_("Not known here."))
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        first, last = attrs.get("from"), attrs.get("to")
        if first and last and last < first:
            raise serializers.ValidationError({"to": [_("This day is before the first one.")]})
        return attrs


def _day(help_text: str) -> serializers.DateField:
    return serializers.DateField(required=False, validators=_DAYS, help_text=help_text)


class TicketQuery(TicketConditions, PageQuery):
    view = serializers.ChoiceField(
        choices=list(VIEWS.items()), required=False, help_text="By clock, as the board's columns."
    )
    number = TextField(max_length=16, required=False)
    sort = serializers.ChoiceField(choices=list(ORDER_LABELS.items()), required=False)
    late = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="True: only late requests."
    )


def filter_of(query: Mapping[str, Any]) -> TicketFilter:
    plain = {name: value for name, value in query.items() if name not in _PAGING and value}
    if query.get("late"):
        plain.setdefault("view", "late")
    since, until = period(query.get("from"), query.get("to"), UTC)
    return TicketFilter(**plain, since=since, until=until)


class BoardColumn(serializers.Serializer[Any]):
    view = serializers.ChoiceField(choices=[(place.view, place.label) for place in PLACES])
    label = serializers.CharField()  # type: ignore[assignment]
    count = serializers.IntegerField()


class BoardOutput(serializers.Serializer[Any]):
    columns = BoardColumn(many=True)


class SavedFilterInput(StrictSerializer):
    name = TextField(max_length=LONGEST_NAME)
    query = TextField(
        max_length=LONGEST_QUERY, help_text="As in the address of the list: `kind=deletion&q=acme`."
    )

    def validate_query(self, value: str) -> str:
        """In one spelling; what the list would not know is refused."""
        given = parse_qsl(value.removeprefix("?"), keep_blank_values=False)
        reader = TicketQuery(data=dict(given))
        if not given or len(dict(given)) != len(given) or not reader.is_valid():
            raise serializers.ValidationError(_("This is no filter of the list of requests."))
        return urlencode([(name, text) for name, text in given if name not in ("cursor", "size")])


class SavedFilterOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    name = serializers.CharField()
    query = serializers.CharField()
    saved_at = serializers.DateTimeField()
