"""What operators and staff type about the vendor's own rules of support."""

from datetime import timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.grants.actions.vendor import LONGEST, SHORTEST
from portal.grants.countries import COUNTRIES
from portal.grants.forms import offer
from portal.grants.models import SupportRules
from portal.grants.models.vendor import MOST_APPROVERS
from portal.ui.forms import RefusableForm
from tenants.models import Membership

DAY = timedelta(days=1)


class SupportRulesForm(RefusableForm):
    version = forms.IntegerField(min_value=0, widget=forms.HiddenInput)
    text = forms.CharField(
        label=_("Policy for support"),
        max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 10}),
        help_text=_("Whoever asks for access confirms it. With new words all confirm it anew."),
    )
    attestation_lasts = forms.IntegerField(
        label=_("A confirmation holds for so many days"),
        min_value=SHORTEST // DAY,
        max_value=LONGEST // DAY,
    )
    pool = forms.MultipleChoiceField(
        label=_("Who checks requests"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Nobody else passes a request on to a customer, whatever their role."),
    )
    pool_most = forms.IntegerField(
        label=_("At most so many people check"), min_value=1, max_value=MOST_APPROVERS
    )
    countries = forms.CharField(
        label=_("Countries from which may be asked"),
        required=False,
        max_length=1200,
        help_text=_("Two letters each, such as DE FR. With none, nobody may ask."),
    )

    def __init__(self, *args: Any, leads: list[Membership], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "pool", [(str(row.pk), f"{row.name} ({row.email})") for row in leads])

    def changes(self) -> dict[str, Any]:
        given = dict(self.cleaned_data)
        return {
            "version": given["version"],
            "text": given["text"],
            "attestation_lasts": given["attestation_lasts"] * DAY,
            "pool": given["pool"],
            "pool_most": given["pool_most"],
            "countries": given["countries"].replace(",", " ").split(),
        }


def as_typed(rules: SupportRules | None) -> dict[str, Any]:
    """The rules as the fields of the form are first filled in."""
    kept = rules or SupportRules(version=0, text=str(FIRST_TEXT))
    return {
        "version": kept.version,
        "text": kept.text,
        "attestation_lasts": kept.attestation_lasts // DAY,
        "pool": kept.pool,
        "pool_most": kept.pool_most,
        "countries": " ".join(kept.countries),
    }


FIRST_TEXT = _(
    "I ask for access to a customer's workspace only for a case, and for as little as it takes. "
    "I look at nothing that the case does not need. I copy nothing out of the console. "
    "I end my support session when I am done."
)


class AttestationForm(RefusableForm):
    text_version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    country = forms.ChoiceField(
        label=_("Country in which you work"),
        help_text=_("Customers see it with each of your requests."),
    )
    confirmed = forms.BooleanField(label=_("I have read this policy and will keep it"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = sorted(COUNTRIES.items(), key=lambda row: row[1])
        offer(self, "country", [("", _("Choose")), *named])
