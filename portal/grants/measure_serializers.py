"""Reports on diagnostic access as the API gives them."""

from typing import Any

from rest_framework import serializers

from portal.rest.serializers import StrictSerializer

FIRST_YEAR, LAST_YEAR = 1970, 9998


class AccessReportQuery(StrictSerializer):
    year = serializers.IntegerField(
        required=False,
        default=None,
        allow_null=True,
        min_value=FIRST_YEAR,
        max_value=LAST_YEAR,
        help_text="Of the request, in UTC; without it the last twelve months.",
    )


class AccessMonth(serializers.Serializer[Any]):
    """Requests that were made in one month."""

    month = serializers.DateField(format="%Y-%m", help_text="Such as 2027-03.")
    asked = serializers.IntegerField()
    approved = serializers.IntegerField()
    denied = serializers.IntegerField()
    unanswered = serializers.IntegerField()
    emergencies = serializers.IntegerField()
    decision_seconds = serializers.IntegerField(
        allow_null=True, help_text="The median from the question to the customer's answer."
    )
    used_seconds = serializers.IntegerField(help_text="Of support sessions.")
    reads = serializers.IntegerField()


class AccessMeasure(serializers.Serializer[Any]):
    """One request."""

    number = serializers.CharField(source="reference")
    staff = serializers.CharField(source="staff_name")
    requested_at = serializers.DateTimeField()
    status = serializers.CharField(source="state")
    was_emergency = serializers.BooleanField()
    decision_seconds = serializers.SerializerMethodField()
    used_seconds = serializers.SerializerMethodField()
    reads = serializers.IntegerField()

    def get_decision_seconds(self, row: Any) -> int | None:
        return None if row.to_decision is None else int(row.to_decision.total_seconds())

    def get_used_seconds(self, row: Any) -> int:
        return int(row.used.total_seconds())


class AccessReportOutput(serializers.Serializer[Any]):
    months = AccessMonth(many=True)
    grants = AccessMeasure(many=True)


class CustomerAccessMonth(AccessMonth):
    """The same for one customer."""

    organization = serializers.CharField()


class CustomerAccessMeasure(AccessMeasure):
    """The same with its customer."""

    organization = serializers.CharField()


class CustomerAccessReportOutput(serializers.Serializer[Any]):
    months = CustomerAccessMonth(many=True)
    grants = CustomerAccessMeasure(many=True)
