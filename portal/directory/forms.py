"""Forms of the directory; they validate and never save."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from audit.refusals import Malformed
from portal.directory.models import DirectoryGroup
from portal.directory.rules import ROLES_BY_WEIGHT, Outcome
from portal.ui.forms import ActorForm
from tenants.access import Actor
from tenants.models import Role, Team
from tenants.naming import mappable, role_labels, role_name

DAYS = (90, 180, 365)
METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


class DirectoryTokenForm(ActorForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=80,
        help_text=_("Of the identity provider that will use it, for example Okta."),
        widget=forms.TextInput(attrs={"autofocus": True, "autocomplete": "off"}),
    )
    days = forms.TypedChoiceField(label=_("Works for"), coerce=int, initial=365)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (day, ngettext("%(n)d day", "%(n)d days", day) % {"n": day}) for day in DAYS
        ]

    def lasts(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])


class BrakeForm(forms.Form):
    percent = forms.IntegerField(
        label=_("Hold a sync that takes access from more than this share of people in an hour, %"),
        min_value=1,
        max_value=100,
        help_text=_("Five people always go through, so that a small team's leavers are not held."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class UserFilter(forms.Form):
    q = forms.CharField(
        label=_("Name or address"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Name or address")}),
    )
    state = forms.ChoiceField(
        label=_("State"),
        required=False,
        choices=[
            ("", _("All")),
            ("active", _("Active")),
            ("inactive", _("Deactivated")),
            ("returning", _("Coming back")),
        ],
    )


class GroupFilter(forms.Form):
    q = forms.CharField(
        label=_("Group"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Name of the group")}),
    )


class CallFilter(forms.Form):
    q = forms.CharField(
        label=_("Person, group or request"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Person, group or REV-…")}),
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"), required=False, choices=[("", _("All")), *Outcome.choices]
    )
    method = forms.ChoiceField(
        label=_("Method"), required=False, choices=[("", _("All")), *((m, m) for m in METHODS)]
    )
    member = forms.UUIDField(required=False, widget=forms.HiddenInput)


class MappingForm(ActorForm):
    """Which role and team a group gives: only what the admin holds is offered."""

    role = forms.ChoiceField(label=_("Role"), required=False)
    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(
        label=_("Team"), queryset=None, required=False, empty_label=_("No team")
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = [  # type: ignore[attr-defined]
            ("", gettext("No role")),
            *_roles_for(self.actor),
        ]
        teams = Team.objects.visible_to(self.actor).order_by("name")
        self.fields["team"].queryset = teams  # type: ignore[attr-defined]

    @staticmethod
    def initial_of(group: DirectoryGroup) -> dict[str, Any]:
        return {"role": group.role_name, "team": group.team_id, "version": group.version}

    def chosen(self) -> dict[str, Any]:
        return {"role": self.cleaned_data["role"], "team": self.cleaned_data["team"]}


def _roles_for(actor: Actor) -> list[tuple[str, str]]:
    made = Role.objects.order_by("name").values_list("pk", flat=True)
    names = [*ROLES_BY_WEIGHT, *(role_name("", pk) for pk in made)]
    may, labels = mappable(names), role_labels()
    return [(n, labels[n]) for n in names if n in may and may[n] <= actor.permissions]


class DecisionForm(forms.Form):
    version = forms.IntegerField(min_value=1)

    @classmethod
    def read(cls, posted: Mapping[str, Any]) -> int:
        """The version that was decided about. Raises Malformed."""
        form = cls(posted)
        if not form.is_valid():
            raise Malformed(gettext("Open the page again, then decide."))
        version: int = form.cleaned_data["version"]
        return version
