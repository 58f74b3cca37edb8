"""Forms of the request screens."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.tickets.models import Step
from portal.tickets.rules import Scope
from portal.tickets.stores import integrations, sizes
from portal.ui.forms import RefusableForm
from tenants.models import Membership

REASON_LENGTH = 500


class PersonForm(forms.Form):
    """Whose access is to be revoked."""

    member: "forms.ModelChoiceField[Membership]" = forms.ModelChoiceField(
        label=_("Person"), queryset=None
    )

    def __init__(self, *args: Any, members: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["member"].queryset = members  # type: ignore[attr-defined]


class RevocationForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_LENGTH,
        help_text=_("Shown on the request, for example “left the company”."),
    )


class DeletionForm(forms.Form):
    """Which scope, and its name typed out: nobody deletes by a slip of the hand."""

    target = forms.ChoiceField(label=_("What to delete"), widget=forms.RadioSelect)
    confirmation = forms.CharField(
        label=_("Type the name to confirm"),
        max_length=120,
        help_text=_("The name of the workspace or of the integration, letter for letter."),
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=REASON_LENGTH)

    def __init__(self, *args: Any, name: str, **options: Any) -> None:
        super().__init__(*args, **options)
        held = sizes()
        choices = [
            (str(pk), _counted(_("Integration “%(name)s”") % {"name": one}, held.get(pk, 0)))
            for pk, one in integrations()
        ]
        everything = _("All metadata of “%(name)s”") % {"name": name}
        choices.append((Scope.ALL_METADATA.value, _counted(everything, sum(held.values()))))
        self.fields["target"].choices = choices  # type: ignore[attr-defined]

    def chosen(self) -> tuple[Scope, UUID | None]:
        target = self.cleaned_data["target"]
        if target == Scope.ALL_METADATA:
            return Scope.ALL_METADATA, None
        return Scope.INTEGRATION, UUID(target)


def _counted(words: str, count: int) -> str:
    return ngettext("%(words)s: %(n)s record", "%(words)s: %(n)s records", count) % {
        "words": words,
        "n": f"{count:,}",
    }


class EvidenceForm(RefusableForm):
    """What was done by hand, and where it can be looked up."""

    version = forms.IntegerField(
        min_value=1, max_value=2**31 - 1, required=False, widget=forms.HiddenInput
    )
    evidence = forms.CharField(
        label=_("What was done"), max_length=2000, widget=forms.Textarea({"rows": 4})
    )
    reference = forms.CharField(
        label=_("Reference"),
        max_length=500,
        required=False,
        help_text=_("A number or an address under which it can be looked up."),
    )

    def __init__(self, *args: Any, step: Step, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["evidence"].help_text = step.evidence_asked
        self.fields["reference"].required = step.needs_reference


class VersionForm(forms.Form):
    """The version of the request somebody looked at when they decided."""

    version = forms.IntegerField(min_value=1, max_value=2**31 - 1, required=False)
