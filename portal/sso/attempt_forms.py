"""The filter above the flight recorder, and the line that a refused person reads."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.sso.attempts import AttemptFilter
from portal.sso.models import Connection
from portal.sso.refusals import Reason
from portal.sso.rules import normalized_reference
from tenants.access import Actor

_TESTS = {"": None, "real": False, "test": True}


class AttemptFilterForm(forms.Form):
    """Read from the address, so that a filtered page can be sent to a colleague."""

    q = forms.CharField(
        label=_("Reference"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"placeholder": "SI-7KQ2MX9", "autocomplete": "off"}),
    )
    connection: "forms.ModelChoiceField[Connection]" = forms.ModelChoiceField(
        label=_("SSO connection"),
        queryset=None,
        required=False,
        empty_label=_("Any"),
    )
    outcome = forms.ChoiceField(
        label=_("Outcome"),
        required=False,
        choices=[("", _("Any")), ("accepted", _("Let in")), ("refused", _("Refused"))],
    )
    reason = forms.ChoiceField(
        label=_("Reason"), required=False, choices=[("", _("Any")), *Reason.choices]
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        required=False,
        choices=[("", _("Any")), ("real", _("Sign-ins")), ("test", _("Test logins"))],
    )

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        connections = Connection.objects.visible_to(actor).order_by("name", "id")
        self.fields["connection"].queryset = connections  # type: ignore[attr-defined]
        self.auto_id = "filter_%s"

    def clean_q(self) -> str:
        return normalized_reference(self.cleaned_data["q"])

    def wanted(self) -> AttemptFilter:
        values = self.cleaned_data
        return AttemptFilter(
            connection=values["connection"].pk if values["connection"] else None,
            outcome=values["outcome"],
            reason=values["reason"],
            is_test=_TESTS[values["kind"]],
            reference=values["q"],
        )

    @property
    def is_used(self) -> bool:
        return self.is_valid() and any(self.cleaned_data.values())


class HelpContactForm(forms.Form):
    """Whom a person may ask who was not let in."""

    help_contact = forms.CharField(
        label=_("Whom to ask"),
        required=False,
        max_length=120,
        help_text=_(
            "Shown to everybody whose sign-in is refused, before anything is known about them. "
            "A desk or a telephone number is better than a name: IT desk, ext. 4711."
        ),
    )
