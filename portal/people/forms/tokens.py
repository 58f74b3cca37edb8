"""Forms about API tokens."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from portal.people.areas import choices_by_area
from portal.people.listing import offered_scopes
from portal.ui.forms import ActorForm, GroupedChoices
from tenants.access import Actor
from tenants.models import Policy
from tenants.permissions import Permission


class TokenForm(ActorForm):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": _("Nightly import"), "autofocus": True}),
    )
    days = forms.TypedChoiceField(label=_("Ends after"), coerce=int)
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=GroupedChoices,
        help_text=_("Never more than you may, also when your role changes later."),
    )
    address_rule = forms.CharField(
        label=_("Only from these addresses"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "203.0.113.0/24"}),
        help_text=_("Addresses or networks, with commas. Empty: from anywhere."),
    )

    DAYS = (1, 7, 30, 60, 90, 180, 365)

    def __init__(self, *args: Any, policy: Policy, **options: Any) -> None:
        super().__init__(*args, **options)
        longest = policy.token_max_age.days
        days = sorted({day for day in self.DAYS if day < longest} | {longest})
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (day, gettext("1 day") if day == 1 else gettext("%(n)d days") % {"n": day})
            for day in days
        ]
        self.fields["days"].initial = min(30, longest)
        self.fields["scopes"].choices = scope_choices(self.actor)  # type: ignore[attr-defined]

    def lasts(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])


def scope_choices(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    return choices_by_area({Permission(scope) for scope in offered_scopes(actor)})
