"""What staff type in the console."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.catalog.actions.integrations import LONGEST_NAME
from portal.catalog.schedules import Schedule
from portal.catalog.source_forms import ScheduleForm
from portal.grants.forms import offer


class OrganizationForm(forms.Form):
    """A new customer. What may stand in each field is decided by the action."""

    name = forms.CharField(label=_("Name of the organization"), max_length=120)
    slug = forms.CharField(
        label=_("Address of its workspace"),
        max_length=40,
        help_text=_("Small letters, digits and hyphens, as in /o/acme/. It cannot be changed."),
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    founder_name = forms.CharField(label=_("Name of the first owner"), max_length=120)
    founder_email = forms.CharField(
        label=_("Their e-mail address"),
        max_length=254,
        widget=forms.EmailInput,
        help_text=_("A link to set up the workspace goes there."),
    )
    security_contact = forms.CharField(
        label=_("Security contact"),
        max_length=254,
        widget=forms.EmailInput,
        help_text=_("Where security notices go. A shared mailbox is best."),
    )

    def take(self, errors: dict[str, list[str]]) -> None:
        """Show what the action refused beside the fields."""
        for name, said in errors.items():
            self.add_error(name if name in self.fields else None, [*said])


class ChangeForm(ScheduleForm):
    """All of an integration's settings that support may change; no secret, and no address."""

    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    field_order = ("name", "every", "clock", "weekday")

    def without_schedule(self) -> None:
        """For what is sent its metadata, and read by nobody."""
        for name in ("every", "clock", "weekday"):
            self.fields.pop(name, None)

    def asked_schedule(self) -> Schedule | None:
        return self.schedule() if self.cleaned_data.get("every") else None


class StaffCaseForm(forms.Form):
    """A case that support opens; what it is about is attached by the customer."""

    organization = forms.ChoiceField(label=_("Customer"))
    title = forms.CharField(label=_("What it is about"), max_length=200)
    description = forms.CharField(
        label=_("What the customer told you"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The customer reads this."),
    )
    external_reference = forms.CharField(
        label=_("Number in your help desk"), required=False, max_length=100
    )

    def __init__(self, *args: Any, customers: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "organization", customers)
