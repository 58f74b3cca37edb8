"""The form that gives what somebody looks after to others."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import normalized
from portal.people.ownership import KINDS, Belongings, Thing
from portal.ui.forms import ActorForm
from tenants.models import Membership


class HandOverForm(ActorForm):
    """One successor for everything, or one for each kind; who is not named gets nothing."""

    everything = forms.CharField(
        label=_("Everything goes to"),
        required=False,
        max_length=254,
        help_text=_("E-mail address of a member. Or name somebody for each kind below."),
    )
    ends_tokens = forms.BooleanField(label=_("End their API tokens"), required=False, initial=True)
    digest = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)

    def __init__(self, *args: Any, owned: list[Belongings], **options: Any) -> None:
        super().__init__(*args, **options)
        self.owned = owned
        self.things = [one.thing for one in owned if one.can_change_hands]
        for thing in self.things:
            self.fields[thing.value] = forms.CharField(
                label=str(KINDS[thing].label),
                required=False,
                max_length=254,
                widget=forms.TextInput(attrs={"placeholder": _("name@example.com")}),
            )
        if Thing.TOKENS not in {one.thing for one in owned}:
            del self.fields["ends_tokens"]
        if not self.things:
            del self.fields["everything"]
        self.order_fields(["everything", *[thing.value for thing in self.things], "ends_tokens"])

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("everything", *[thing.value for thing in self.things]):
            if text := data.get(name):
                data[name] = self._member(name, text)
        return data

    def _member(self, name: str, text: str) -> Membership | None:
        rows = Membership.objects.visible_to(self.actor).select_related("custom_role")
        found = rows.filter(email=normalized(text), status=Membership.Status.ACTIVE).first()
        if found is None:
            self.add_error(name, ValidationError(_("No member with access has this address.")))
        return found

    def successors(self) -> dict[Thing, Membership]:
        data = self.cleaned_data
        named = {thing: data.get(thing.value) or data.get("everything") for thing in self.things}
        return {thing: member for thing, member in named.items() if member}
