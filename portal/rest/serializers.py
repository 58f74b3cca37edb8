"""Base serializers: unknown fields are refused, and nothing is saved here."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from rest_framework import serializers

FIRST_VISIBLE = " "
MOST_CHOICES_SAID = 20


# No docstring: it would describe every input in the API's reference.
class StrictSerializer(serializers.Serializer[Any]):
    def to_internal_value(self, data: Any) -> Any:
        if isinstance(data, Mapping):
            writable = {name for name, field in self.fields.items() if not field.read_only}
            unknown = sorted(str(name) for name in data if name not in writable)
            if unknown:
                raise serializers.ValidationError(
                    {name[:200]: [_("This is not known here.")] for name in unknown[:20]}
                )
        return super().to_internal_value(data)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        fields: dict[str, serializers.Field[Any, Any, Any, Any]] = super().get_fields()
        for field in fields.values():
            _say_choices(getattr(field, "child", None) or field)
        return fields


def _say_choices(field: object) -> None:
    """Who sends something else is told what there is to choose from."""
    if isinstance(field, serializers.ChoiceField) and len(field.choices) <= MOST_CHOICES_SAID:
        there_is = ", ".join(str(value) for value in field.choices if value != "")
        field.error_messages["invalid_choice"] = _('"{input}" is not one of: %s.') % there_is


class TextField(serializers.CharField):
    """Text that must be sent as text: `true` or 12 is a mistake, not a name."""

    def __init__(self, *, max_length: int = 200, **options: Any) -> None:
        super().__init__(max_length=max_length, **options)

    def to_internal_value(self, data: Any) -> str:
        if not isinstance(data, str):
            raise serializers.ValidationError(_("Send text."), code="invalid")
        if any(letter < FIRST_VISIBLE and letter not in "\n\t" for letter in data):
            raise serializers.ValidationError(_("Text may not contain control characters."))
        return super().to_internal_value(data)


class ProblemErrorSerializer(serializers.Serializer[Any]):
    detail = serializers.CharField()
    pointer = serializers.CharField(
        required=False, help_text="JSON pointer to the value in the body."
    )
    parameter = serializers.CharField(required=False, help_text="Name of the query parameter.")


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457 problem details, the shape of every answer that is not a success."""

    type = serializers.CharField(help_text="Address that explains this kind of problem.")
    title = serializers.CharField()
    status = serializers.IntegerField(min_value=400, max_value=599)
    code = serializers.CharField(help_text="Stable slug to branch on.")
    detail = serializers.CharField(help_text="What is wrong and what to do about it.")
    instance = serializers.CharField(help_text="Path of the call.")
    request_id = serializers.CharField(required=False)
    errors = ProblemErrorSerializer(many=True, required=False)  # type: ignore[assignment]
