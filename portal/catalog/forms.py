"""Forms of the catalogue. They check shapes; what may be done is decided by the actions."""

from typing import Any
from uuid import UUID

from django import forms
from django.core.files.base import File
from django.utils.translation import gettext_lazy as _

from portal.catalog.actions.integrations import LONGEST_NAME
from portal.catalog.listing import Wanted
from portal.catalog.models import Integration
from portal.catalog.rules import ARTIFACTS, Level, ResourceKind, UploadKind
from tenants.access import Actor
from tenants.models import Membership, Team

ANY = ("", _("Any"))
JSON_FILES = {"accept": ".json,application/json"}


class SettingsForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    owner: "forms.ModelChoiceField[Membership]" = forms.ModelChoiceField(
        label=_("Owner"),
        queryset=None,
        required=False,
        empty_label=_("Nobody"),
        help_text=_("Told when a run fails; asked what happens to it when they leave."),
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        people = Membership.objects.filter(status=Membership.Status.ACTIVE)
        self.fields["owner"].queryset = people.order_by("name", "pk")  # type: ignore[attr-defined]


class UploadForm(forms.Form):
    manifest = forms.FileField(
        label="manifest.json",
        help_text=_("Names, descriptions, tags and lineage. Versions 4 to 12."),
        widget=forms.ClearableFileInput(attrs=JSON_FILES),
    )
    catalog = forms.FileField(
        label="catalog.json",
        help_text=_("What is in the warehouse: relations, columns and their types."),
        widget=forms.ClearableFileInput(attrs=JSON_FILES),
    )

    def sent(self) -> "dict[UploadKind, File[bytes]]":
        return {kind: self.cleaned_data[kind.value] for kind in ARTIFACTS}


class AccessForm(forms.Form):
    """A team and what it may do; an empty level takes the access away."""

    team: "forms.ModelChoiceField[Team]" = forms.ModelChoiceField(label=_("Team"), queryset=None)
    level = forms.ChoiceField(
        label=_("They may"),
        required=False,
        choices=[*Level.choices, ("", _("No access"))],
        initial=Level.VIEW,
    )

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["team"].queryset = Team.objects.visible_to(actor).order_by("name", "pk")  # type: ignore[attr-defined]


class ResourceFilter(forms.Form):
    """The catalogue's filters. What cannot be meant finds nothing."""

    q = forms.CharField(
        label=_("Find"),
        required=False,
        max_length=200,
        widget=forms.TextInput(
            attrs={"type": "search", "placeholder": _("Name, column, word of a description")}
        ),
    )
    integration = forms.TypedChoiceField(
        label=_("Integration"), required=False, coerce=UUID, empty_value=None
    )
    kind = forms.ChoiceField(label=_("Kind"), required=False, choices=[ANY, *ResourceKind.choices])
    tag = forms.CharField(label=_("Tag"), required=False, max_length=255)
    owner = forms.CharField(
        label=_("Owner"),
        required=False,
        max_length=255,
        widget=forms.TextInput(attrs={"placeholder": _("As in the source")}),
    )

    def __init__(self, *args: Any, integrations: list[Integration], **options: Any) -> None:
        super().__init__(*args, **options)
        choices = [ANY, *((str(each.pk), each.name) for each in integrations)]
        self.fields["integration"].choices = choices  # type: ignore[attr-defined]

    def wanted(self) -> Wanted | None:
        """None when a filter names something unknown: then there is nothing to list."""
        if not self.is_valid():
            return None
        given = self.cleaned_data
        return Wanted(
            text=given["q"],
            integration=given["integration"],
            kind=given["kind"],
            tag=given["tag"],
            owner=given["owner"],
        )
