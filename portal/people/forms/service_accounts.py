"""Forms about service accounts and the lists of tokens."""

from datetime import datetime
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.people.areas import choices_by_area
from portal.people.ends import end_of_day
from portal.people.forms.roles import role_choices
from portal.people.forms.standing import EndField
from portal.people.forms.tokens import TokenForm
from portal.people.machines import ACCOUNT_STATES, TOKEN_STATES, TOKEN_USES
from portal.ui.forms import ActorForm, FilterForm
from tenants.actions.service_accounts import LONGEST_DESCRIPTION, LONGEST_NAME
from tenants.machines import rights_of_account
from tenants.models import ApiToken, Membership, ServiceAccount, Team
from tenants.models.service_accounts import LONGEST_RULE
from tenants.permissions import OWNERS_ALONE, BuiltInRole


class ServiceAccountFilter(FilterForm):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Name or description")}),
    )
    state = forms.ChoiceField(label=_("Access"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("state", list(ACCOUNT_STATES.items()))


class TokenFilter(FilterForm):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Name or beginning")}),
    )
    holder = forms.ChoiceField(label=_("Holder"), required=False)
    kind = forms.ChoiceField(label=_("Kind"), required=False)
    state = forms.ChoiceField(label=_("State"), required=False)
    use = forms.ChoiceField(label=_("Use"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.offer("holder", _holders(self))
        self.offer("kind", list(ApiToken.Kind.choices))
        self.offer("state", list(TOKEN_STATES.items()))
        self.offer("use", list(TOKEN_USES.items()))


def _holders(form: ActorForm) -> list[tuple[str, Any]]:
    """Service accounts, then people, as far as they hold a token and one sees them."""
    tokens = ApiToken.objects.visible_to(form.actor)
    accounts = ServiceAccount.objects.visible_to(form.actor).filter(tokens__in=tokens).distinct()
    people = Membership.objects.visible_to(form.actor)
    people = people.filter(tokens__in=tokens.filter(service_account=None)).distinct()
    found = [*accounts.order_by("name"), *people.order_by("name")]
    return [(str(each.pk), str(each)) for each in found]


class ServiceAccountForm(ActorForm):
    name = forms.CharField(
        label=_("Name"),
        max_length=LONGEST_NAME,
        widget=forms.TextInput(attrs={"placeholder": _("Nightly import"), "autofocus": True}),
    )
    description = forms.CharField(
        label=_("What it does"), required=False, max_length=LONGEST_DESCRIPTION
    )
    role = forms.ChoiceField(
        label=_("Role"), help_text=_("It never does more than you may, also when the role changes.")
    )
    teams: "forms.ModelMultipleChoiceField[Team]" = forms.ModelMultipleChoiceField(
        label=_("Teams"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("It sees their part of the catalogue, as far as you do."),
    )
    address_rule = forms.CharField(
        label=_("Only from these addresses"),
        max_length=LONGEST_RULE,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "203.0.113.0/24"}),
        help_text=_("Addresses or networks, with commas. Empty: from anywhere."),
    )
    access_ends_at = EndField()
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        owners = {BuiltInRole.OWNER.value}
        choices = [pair for pair in role_choices(self.actor) if pair[0] not in owners]
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        self.fields["role"].initial = BuiltInRole.VIEWER.value
        teams = Team.objects.visible_to(self.actor).order_by("name")
        self.fields["teams"].queryset = teams  # type: ignore[attr-defined]

    def clean_access_ends_at(self) -> datetime | None:
        return end_of_day(self.cleaned_data["access_ends_at"])


class AccountTokenForm(TokenForm):
    """A token of a service account: within what the account and the actor may both do."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[pair for pair in ApiToken.Kind.choices if pair[0] != ApiToken.Kind.PERSONAL],
        initial=ApiToken.Kind.SERVICE,
        help_text=_("Service for a program, agent for a scanner that sends metadata."),
    )

    def __init__(self, *args: Any, account: ServiceAccount, **options: Any) -> None:
        super().__init__(*args, **options)
        held = rights_of_account(account).permissions & self.actor.permissions - OWNERS_ALONE
        self.fields["scopes"].choices = choices_by_area(held)  # type: ignore[attr-defined]


class RotationForm(ActorForm):
    overlap = forms.ChoiceField(
        label=_("The old token works for"),
        choices=[
            ("24h", _("24 hours")),
            ("1h", _("1 hour")),
            ("7d", _("7 days")),
            ("now", _("no longer: it stops at once")),
        ],
        widget=forms.RadioSelect,
        initial="24h",
        help_text=_("Time to put the new one in its place."),
    )
