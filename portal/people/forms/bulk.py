"""The form that changes many people at once."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.people.bulk import DO_LABELS, IN_TEAMS, MOST, Change, Do, people_of
from portal.people.forms.roles import role_choices
from portal.ui.forms import ActorForm
from tenants.models import Membership, Team
from tenants.permissions import Permission

_NEEDS = {
    Do.TEAM_ADD: Permission.TEAM_MANAGE,
    Do.TEAM_REMOVE: Permission.TEAM_MANAGE,
    Do.ROLE: Permission.MEMBER_MANAGE,
    Do.REVOKE: Permission.REVOCATION_FILE,
}
# Ids of 36 letters with a comma each.
LONGEST_LIST = MOST * 37


class BulkForm(ActorForm):
    people = forms.CharField(widget=forms.HiddenInput, max_length=LONGEST_LIST)
    do = forms.ChoiceField(label=_("What should happen?"), widget=forms.RadioSelect)
    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(
        label=_("Team"), queryset=None, required=False, empty_label=_("Choose a team")
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=500,
        help_text=_("For a revocation: it stands in each request."),
    )
    digest = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["do"].choices = [  # type: ignore[attr-defined]
            (do.value, label) for do, label in DO_LABELS.items() if self.actor.may(_NEEDS[do])
        ]
        teams = Team.objects.visible_to(self.actor).order_by("name")
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]
        choices = [("", gettext("Choose a role")), *role_choices(self.actor)]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]

    def clean_people(self) -> list[Membership]:
        """The people by name; somebody who is not here makes the whole list unknown."""
        try:
            wanted = {UUID(text) for text in self.cleaned_data["people"].split(",")}
        except ValueError as broken:
            raise ValidationError(_("Choose the people again from the list.")) from broken
        found = people_of(wanted, self.actor)
        if found is None:
            raise ValidationError(_("Choose the people again from the list."))
        return found

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        do = data.get("do")
        if do in IN_TEAMS and not data.get("team"):
            self._miss("team", _("Choose the team."))
        if do == Do.ROLE and not data.get("role"):
            self._miss("role", _("Choose the role."))
        return data

    def _miss(self, name: str, said: Any) -> None:
        if name not in self.errors:
            self.add_error(name, said)

    def change(self) -> Change:
        return Change.asked(self.cleaned_data)
