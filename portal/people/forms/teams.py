"""Forms about teams."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.ui.forms import ActorForm
from tenants.models import Membership, Team


class DescriptionForm(ActorForm):
    description = forms.CharField(label=_("What it is for"), max_length=300, required=False)


class TeamForm(DescriptionForm):
    field_order = ("name", "description", "visibility")
    name = forms.CharField(label=_("Name"), max_length=80)
    visibility = forms.ChoiceField(
        label=_("Who knows about it"), choices=Team.Visibility.choices, widget=forms.RadioSelect
    )


class PlaceForm(ActorForm):
    """Puts a member into a team."""

    member: "forms.ModelChoiceField[Membership]" = forms.ModelChoiceField(
        label=_("Member"), queryset=None
    )

    def __init__(self, *args: Any, team: Team, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = Membership.objects.visible_to(self.actor).filter(status=Membership.Status.ACTIVE)
        self.fields["member"].queryset = rows.exclude(  # type: ignore[attr-defined]
            places__team=team
        ).order_by("name", "id")
