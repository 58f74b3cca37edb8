"""The filter above the audit log."""

from datetime import date, datetime, time, timedelta, tzinfo
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from portal.evidence.filters import LogFilter, people_named
from portal.evidence.words import action_choices
from tenants.access import Actor

OUTCOMES = [("", _("Any")), ("done", _("Done")), ("refused", _("Refused"))]

# At the calendar's ends the day after, and the same day in another zone, is no date any more.
FIRST_DAY, LAST_DAY = date(1970, 1, 1), date(9998, 12, 31)


class FilterForm(forms.Form):
    """Read from the address, so that a filtered page can be sent to a colleague."""

    person = forms.CharField(
        label=_("Person"),
        required=False,
        max_length=200,
        widget=forms.TextInput(attrs={"list": "people", "autocomplete": "off"}),
    )
    action = forms.ChoiceField(label=_("Action"), required=False, choices=action_choices)
    reference = forms.CharField(
        label=_("Request number"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"placeholder": "REV-1001", "autocomplete": "off"}),
    )
    outcome = forms.ChoiceField(label=_("Outcome"), required=False, choices=OUTCOMES)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # `from` is a word of Python and the right word in an address.
        for name, label in (("from", _("From")), ("to", _("Until"))):
            self.fields[name] = forms.DateField(
                label=label,
                required=False,
                widget=forms.DateInput(attrs={"type": "date"}),
                validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
            )
        # Two forms of one page share no ids.
        self.auto_id = "filter_%s"

    def clean_reference(self) -> str:
        return str(self.cleaned_data["reference"]).strip().upper()

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("from"), values.get("to")
        if first and last and last < first:
            self.add_error("to", _("This day is before the first one."))
        return values

    def wanted(self, actor: Actor, zone: tzinfo) -> LogFilter:
        """The days are those of the person who asks."""
        values = self.cleaned_data
        first, last, person = values.get("from"), values.get("to"), values["person"].strip()
        return LogFilter(
            people=people_named(actor, person) if person else None,
            action=values["action"],
            reference=values["reference"],
            outcome=values["outcome"],
            since=datetime.combine(first, time.min, zone) if first else None,
            until=datetime.combine(last + timedelta(days=1), time.min, zone) if last else None,
        )

    @property
    def is_used(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())
