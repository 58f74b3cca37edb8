"""Forms about invitations."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.people.ends import end_of_day
from portal.people.forms.bulk import LONGEST_LIST
from portal.people.forms.roles import role_choices, roles_of
from portal.people.forms.standing import EndField
from portal.people.invited import ABOUT_TEAMS, ASK_LABELS, Ask, Wish, invitations_of
from portal.people.listing import INVITATION_STATES
from portal.ui.forms import ActorForm, FilterForm
from tenants.models import Role, Team
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


class InvitationFilter(FilterForm):
    state = forms.ChoiceField(
        required=False, choices=list(INVITATION_STATES.items()), widget=forms.HiddenInput
    )
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Name or address")}),
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        offered = roles_of(self.actor)
        roles = [(role.value, str(role.label)) for role in BuiltInRole if role in offered]
        roles += [(f"custom:{role.pk}", role.name) for role in Role.objects.order_by("name")]
        teams = Team.objects.visible_to(self.actor).order_by("name").values_list("pk", "name")
        every = [("", gettext("All"))]
        self.fields["role"].choices = every + roles  # type: ignore[attr-defined]
        self.fields["team"].choices = [  # type: ignore[attr-defined]
            *every,
            *((str(pk), name) for pk, name in teams),
        ]


class InvitedForm(ActorForm):
    """Changes many invitations at once."""

    invitations = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_LIST)
    do = forms.ChoiceField(
        label=_("What should happen?"),
        widget=forms.RadioSelect,
        choices=[(ask.value, label) for ask, label in ASK_LABELS.items()],
    )
    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(
        label=_("Team"), queryset=None, required=False, empty_label=_("Choose a team")
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    digest = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        teams = Team.objects.visible_to(self.actor).order_by("name")
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        choices = [("", gettext("Choose a role")), *role_choices(self.actor)]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]

    def clean_invitations(self) -> list[UUID]:
        """One that is not here makes the whole list unknown."""
        again = _("Choose the invitations again from the list.")
        try:
            wanted = {UUID(text) for text in self.cleaned_data["invitations"].split(",")}
        except ValueError as broken:
            raise ValidationError(again) from broken
        found = invitations_of(wanted, self.actor)
        if found is None:
            raise ValidationError(again)
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        do = data.get("do")
        if do in ABOUT_TEAMS and not data.get("team") and "team" not in self.errors:
            self.add_error("team", _("Choose the team."))
        if do == Ask.ROLE and not data.get("role") and "role" not in self.errors:
            self.add_error("role", _("Choose the role."))
        return data

    def wish(self) -> Wish:
        return Wish.asked(self.cleaned_data)
