"""What an owner chooses when they allow emergency access in advance."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.catalog.models import Integration
from portal.grants import rules
from portal.grants.emergency import OFFERED, Allowed
from portal.grants.forms import offer
from portal.grants.rules import ReasonCode, ScopeItem, ScopeKind
from portal.ui.durations import rounded

DAYS = (7, 30, 90)


class EmergencyForm(forms.Form):
    reason_codes = forms.MultipleChoiceField(
        label=_("For these reasons"),
        choices=ReasonCode.choices,
        widget=forms.CheckboxSelectMultiple,
    )
    capabilities = forms.MultipleChoiceField(
        label=_("They may then"),
        choices=[(str(each), each.label) for each in OFFERED],
        widget=forms.CheckboxSelectMultiple,
        help_text=_("In an emergency nothing can be changed or run."),
    )
    integrations = forms.MultipleChoiceField(
        label=_("In these integrations"), widget=forms.CheckboxSelectMultiple
    )
    longest = forms.ChoiceField(
        label=_("Each time for at most"),
        choices=[(str(int(d.total_seconds())), rounded(d)) for d in rules.EMERGENCY_USES],
    )
    days = forms.TypedChoiceField(
        label=_("This stands for"),
        coerce=int,
        choices=[(str(n), _("%(n)s days") % {"n": n}) for n in DAYS],
        help_text=_("It ends by itself, and you can withdraw it at any moment."),
    )

    def __init__(self, *args: Any, integrations: Iterable[Integration], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = {str(row.pk): row for row in integrations}
        offer(self, "integrations", [(key, row.name) for key, row in self.offered.items()])
        if not self.offered:
            self.fields["integrations"].help_text = _("There is no integration yet.")

    def allowed(self) -> Allowed:
        data = self.cleaned_data
        chosen = [self.offered[key] for key in data["integrations"]]
        return Allowed(
            lasts=timedelta(days=data["days"]),
            longest=timedelta(seconds=int(data["longest"])),
            reason_codes=tuple(data["reason_codes"]),
            capabilities=tuple(data["capabilities"]),
            scope=tuple(as_item(row) for row in chosen),
        )


def as_item(row: Integration) -> ScopeItem:
    return ScopeItem(ScopeKind.INTEGRATION, UUID(str(row.pk)), UUID(str(row.pk)), row.name)
