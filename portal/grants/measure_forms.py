"""Which period a report on diagnostic access is about."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from audit.refusals import Invalid

BACK = 5


class PeriodForm(forms.Form):
    year = forms.TypedChoiceField(label=_("Period"), required=False, coerce=int, empty_value=None)

    def __init__(self, *args: Any, at: datetime, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = [(str(at.year - n), str(at.year - n)) for n in range(BACK)]
        field = self.fields["year"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [("", str(_("The last 12 months"))), *years]

    def chosen(self) -> int | None:
        """None for the last twelve months. Raises Invalid for what is not offered."""
        if not self.is_valid():
            raise Invalid(str(_("This period is not known here. Choose it again on the page.")))
        year: int | None = self.cleaned_data["year"]
        return year
