"""What a report on requests is about."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.tickets.rules import Kind


class ReportForm(forms.Form):
    year = forms.TypedChoiceField(label=_("Period"), required=False, coerce=int, empty_value=None)
    kind = forms.ChoiceField(label=_("What"), required=False)

    def __init__(self, *args: Any, years: list[int], **options: Any) -> None:
        super().__init__(*args, **options)
        named = [("", _("The last 12 months")), *((str(year), str(year)) for year in years)]
        self.fields["year"].choices = named  # type: ignore[attr-defined]
        self.fields["kind"].choices = [("", _("All")), *Kind.choices]  # type: ignore[attr-defined]

    def asked(self) -> dict[str, Any] | None:
        """None for what is not known: then nothing is reported, and never something else."""
        return self.cleaned_data if self.is_valid() else None
