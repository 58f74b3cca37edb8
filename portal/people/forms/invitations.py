"""Forms about invitations."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.people.ends import end_of_day
from portal.people.forms.roles import role_choices
from portal.people.forms.standing import EndField
from portal.ui.forms import ActorForm
from tenants.models import Team
from tenants.permissions import (
    BuiltInRole,
)


class InvitationForm(ActorForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    teams: "forms.ModelMultipleChoiceField[Team]" = forms.ModelMultipleChoiceField(
        label=_("Teams"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    access_ends_at = EndField()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = role_choices(self.actor)
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        self.fields["role"].initial = choices[-1][0] if choices else ""
        if any(value == BuiltInRole.VIEWER for value, _label in choices):
            self.fields["role"].initial = BuiltInRole.VIEWER
        teams = Team.objects.visible_to(self.actor).order_by("name")
        self.fields["teams"].queryset = teams  # type: ignore[attr-defined]

    def clean_access_ends_at(self) -> datetime | None:
        return end_of_day(self.cleaned_data["access_ends_at"])
