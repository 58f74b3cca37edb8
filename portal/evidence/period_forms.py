"""Which period, and which sample of it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from portal.evidence.forms import FIRST_DAY, LAST_DAY
from portal.evidence.period import LARGEST_SAMPLE, Period

DEFAULT_SIZE = 25


class PeriodForm(forms.Form):
    """Read from the address: the same period and seed are the same sample tomorrow."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # `from` is a word of Python and the right word in an address.
        for name, label in (("from", _("From")), ("to", _("Until"))):
            self.fields[name] = forms.DateField(
                label=label,
                widget=forms.DateInput(attrs={"type": "date"}),
                validators=[MinValueValidator(FIRST_DAY), MaxValueValidator(LAST_DAY)],
            )
        self.fields["size"] = forms.IntegerField(
            label=_("Size of the sample"),
            required=False,
            min_value=1,
            max_value=LARGEST_SAMPLE,
            initial=DEFAULT_SIZE,
        )
        self.fields["seed"] = forms.CharField(
            label=_("Seed of the sample"),
            required=False,
            max_length=64,
        )

    def clean(self) -> dict[str, Any]:
        values: dict[str, Any] = super().clean() or {}
        first, last = values.get("from"), values.get("to")
        if first and last and last < first:
            self.add_error("to", _("This day is before the first one."))
        return values

    def period(self) -> Period:
        values = self.cleaned_data
        return period_of(
            values["from"], values["to"], seed=values["seed"], size=values["size"] or DEFAULT_SIZE
        )


def period_of(first: Any, last: Any, *, seed: str, size: int) -> Period:
    """Whole days in UTC, which are the same for everybody who checks."""
    return Period(
        since=datetime.combine(first, time.min, UTC),
        until=datetime.combine(last + timedelta(days=1), time.min, UTC),
        seed=seed,
        size=size,
    )
