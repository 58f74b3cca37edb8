"""What somebody says about a downstream system."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.downstream.actions import ConnectorFacts
from portal.downstream.models import Connector
from portal.downstream.rules import EVIDENCE_LENGTH, INSTRUCTION_LENGTH, NAME_LENGTH, Kind
from portal.ui.forms import RefusableForm
from tenants.models import Membership


class ConnectorForm(RefusableForm):
    """Fields of both kinds; the address only for a system that is called."""

    version = forms.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, widget=forms.HiddenInput
    )
    name = forms.CharField(label=_("Name"), max_length=NAME_LENGTH)
    url = forms.CharField(
        label=_("Address to call"),
        max_length=2048,
        help_text=_("It begins with https:// and leads to the public internet."),
    )
    instruction = forms.CharField(
        label=_("What to do there"),
        max_length=INSTRUCTION_LENGTH,
        widget=forms.Textarea({"rows": 3}),
    )
    evidence_asked = forms.CharField(
        label=_("What must be shown"),
        max_length=EVIDENCE_LENGTH,
        required=False,
        help_text=_("For example “the day, and who did it”."),
    )
    needs_reference = forms.BooleanField(
        label=_("A number or an address to look it up is required"), required=False
    )
    responsible: "forms.ModelChoiceField[Membership]" = forms.ModelChoiceField(
        label=_("Responsible"),
        queryset=None,
        help_text=_("Asked to do it, or asked when the system does not acknowledge."),
    )
    on_revocation = forms.BooleanField(
        label=_("Told when access is revoked"), required=False, initial=True
    )
    on_deletion = forms.BooleanField(label=_("Told when metadata is deleted"), required=False)

    def __init__(self, *args: Any, kind: str, people: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["responsible"].queryset = people  # type: ignore[attr-defined]
        if kind == Kind.MANUAL:
            del self.fields["url"]
        else:
            self.fields["instruction"].required = False
            self.fields["instruction"].label = _("What to do there by hand, if it does not answer")

    def facts(self) -> ConnectorFacts:
        said = {name: value for name, value in self.cleaned_data.items() if name != "version"}
        return ConnectorFacts(**said)


def said_of(connector: Connector) -> dict[str, Any]:
    """A form's first values, as the system stands."""
    names = [
        "version", "name", "url", "instruction", "evidence_asked", "needs_reference",
        "responsible", "on_revocation", "on_deletion",
    ]  # fmt: skip
    return {name: getattr(connector, name) for name in names}
