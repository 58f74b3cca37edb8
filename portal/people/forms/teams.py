"""Forms about teams."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.catalog.models import Integration, Resource
from portal.catalog.rules import Level
from portal.people.bulk import MOST
from portal.ui.forms import ActorForm
from tenants.access import Actor
from tenants.models import Team
from tenants.permissions import PERMISSION_LABELS, Permission, team_permissions

# Addresses of 254 letters with a line end each.
LONGEST_PASTE = MOST * 256


class DescriptionForm(ActorForm):
    description = forms.CharField(label=_("What it is for"), max_length=300, required=False)


class TeamForm(DescriptionForm):
    field_order = ("name", "description", "visibility")
    name = forms.CharField(label=_("Name"), max_length=80)
    visibility = forms.ChoiceField(
        label=_("Who knows about it"), choices=Team.Visibility.choices, widget=forms.RadioSelect
    )


class PeopleForm(forms.Form):
    """Addresses pasted in, beside the rows that were ticked."""

    addresses = forms.CharField(
        label=_("Or paste e-mail addresses"),
        required=False,
        max_length=LONGEST_PASTE,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_("One on each line, or with commas between. Only people of this workspace."),
    )


class TeamPermissionsForm(ActorForm):
    permissions = forms.MultipleChoiceField(
        label=_("Whoever is in the team may"), required=False, widget=forms.CheckboxSelectMultiple
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = team_permission_choices(self.actor)
        self.fields["permissions"].choices = choices  # type: ignore[attr-defined]


def team_permission_choices(actor: Actor) -> list[tuple[str, str]]:
    """What a team may bring, as far as the actor holds it."""
    offered = team_permissions(is_vendor=actor.organization.is_vendor) & actor.permissions
    return [(p.value, str(PERMISSION_LABELS[p])) for p in Permission if p in offered]


class TeamAccessForm(ActorForm):
    """An integration, or one resource, and what the team may do; no level takes it away."""

    integration = forms.TypedChoiceField(
        label=_("Integration"), required=False, coerce=UUID, empty_value=None
    )
    resource: "forms.ModelChoiceField[Resource]" = forms.ModelChoiceField(
        queryset=None, required=False, widget=forms.HiddenInput
    )
    level = forms.ChoiceField(
        label=_("They may"),
        required=False,
        choices=[*Level.choices, ("", _("No access"))],
        initial=Level.VIEW,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = Integration.objects.visible_to(self.actor).order_by("name", "pk")
        self.integrations = {each.pk: each for each in rows}
        named = [(str(pk), each.name) for pk, each in self.integrations.items()]
        choices = [("", _("Choose an integration")), *named]
        self.fields["integration"].choices = choices  # type: ignore[attr-defined]
        self.fields["resource"].queryset = Resource.objects.visible_to(  # type: ignore[attr-defined]
            self.actor
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        chosen = [name for name in ("integration", "resource") if data.get(name)]
        if len(chosen) != 1 and not self.errors:
            self.add_error("integration", _("Choose one."))
        return data

    def thing(self) -> Integration | Resource:
        found: Resource | None = self.cleaned_data["resource"]
        return found or self.integrations[self.cleaned_data["integration"]]
