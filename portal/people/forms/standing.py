"""Forms about whether somebody has access, and until when."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.people.ends import end_of_day
from portal.people.forms.roles import role_choices
from portal.ui.forms import ActorForm
from tenants.permissions import BuiltInRole

LONGEST_REASON = 500


class EndField(forms.DateField):
    """A day on which access ends; empty for none."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Access ends on"))
        options.setdefault("help_text", _("At the end of this day, UTC. Empty: no end."))
        options.setdefault("widget", forms.DateInput(attrs={"type": "date"}))
        super().__init__(required=False, **options)


class SuspensionForm(ActorForm):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=_("For the log. The person does not see it."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ReturnForm(ActorForm):
    role = forms.ChoiceField(label=_("They come back as"))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = role_choices(self.actor)
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        least = [value for value, _label in choices if value == BuiltInRole.VIEWER]
        self.fields["role"].initial = least[0] if least else ""


class EndForm(ActorForm):
    access_ends_at = EndField()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def end(self) -> datetime | None:
        return end_of_day(self.cleaned_data["access_ends_at"])
