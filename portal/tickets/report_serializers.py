"""The report on requests as the API gives it."""

from typing import Any, Final

from rest_framework import serializers

from portal.rest.serializers import StrictSerializer
from portal.tickets.rules import Kind

FIRST_YEAR: Final = 1970
LAST_YEAR: Final = 9998


class ReportQuery(StrictSerializer):
    year = serializers.IntegerField(
        required=False,
        default=None,
        allow_null=True,
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        help_text="Of receipt, in UTC; without it the last twelve months.",
    )
    kind = serializers.ChoiceField(choices=Kind.choices, required=False, default="")


class ReportLine(serializers.Serializer[Any]):
    """Requests of one kind that came in one month."""

    month = serializers.DateField(format="%Y-%m", help_text="Such as 2027-03.")
    kind = serializers.ChoiceField(choices=Kind.choices)
    received = serializers.IntegerField()
    on_time = serializers.IntegerField()
    late = serializers.IntegerField(help_text="Done late, or open past their end.")
    running = serializers.IntegerField(help_text="Open within their time.")
    withdrawn = serializers.IntegerField()
    median_seconds = serializers.IntegerField(
        allow_null=True, help_text="From receipt to done, without the time the clock stood still."
    )
    worst_seconds = serializers.IntegerField(allow_null=True)


class PromiseReportOutput(serializers.Serializer[Any]):
    months = ReportLine(many=True)


class CustomerReportLine(ReportLine):
    """The same for one customer."""

    organization = serializers.CharField()


class CustomerReportOutput(serializers.Serializer[Any]):
    months = CustomerReportLine(many=True)
