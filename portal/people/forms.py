"""Forms about people: they check, they do not save."""

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts.models import User, timezone_choices
from portal.people.listing import offered_roles, offered_scopes
from portal.ui.forms import ActorForm
from tenants.access import Actor
from tenants.models import ApiToken, Membership, Policy, Team
from tenants.permissions import (
    CUSTOMER_ROLES,
    PERMISSION_LABELS,
    VENDOR_ROLES,
    BuiltInRole,
    Permission,
)


def roles_of(actor: Actor) -> frozenset[BuiltInRole]:
    return VENDOR_ROLES if actor.organization.is_vendor else CUSTOMER_ROLES


def _role_choices(actor: Actor) -> list[tuple[str, str]]:
    return [(role.value, str(role.label)) for role in offered_roles(actor, roles_of(actor))]


class MemberFilter(ActorForm):
    q = forms.CharField(
        label=_("Name or address"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Name or address")}),
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)
    status = forms.ChoiceField(label=_("Access"), required=False)
    source = forms.ChoiceField(label=_("Came by"), required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        teams = Team.objects.visible_to(self.actor).order_by("name").values_list("pk", "name")
        offered = roles_of(self.actor)
        self._offer("role", [(r.value, r.label) for r in BuiltInRole if r in offered])
        self._offer("team", [(str(pk), name) for pk, name in teams])
        self._offer("status", Membership.Status.choices)
        self._offer("source", Membership.Source.choices)

    def _offer(self, name: str, choices: list[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - tells the type
        field.choices = [("", gettext("All")), *choices]


class RoleForm(ActorForm):
    role = forms.ChoiceField(label=_("Role"))
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = _role_choices(self.actor)  # type: ignore[attr-defined]


class InvitationForm(ActorForm):
    email = forms.EmailField(
        label=_("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off", "autofocus": True}),
    )
    name = forms.CharField(label=_("Name"), max_length=120, required=False)
    role = forms.ChoiceField(label=_("Role"), widget=forms.RadioSelect)
    teams: "forms.ModelMultipleChoiceField[Team]" = forms.ModelMultipleChoiceField(
        label=_("Teams"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        choices = _role_choices(self.actor)
        self.fields["role"].choices = choices  # type: ignore[attr-defined]
        self.fields["role"].initial = choices[-1][0] if choices else ""
        if any(value == BuiltInRole.VIEWER for value, _label in choices):
            self.fields["role"].initial = BuiltInRole.VIEWER
        teams = Team.objects.visible_to(self.actor).order_by("name")
        self.fields["teams"].queryset = teams  # type: ignore[attr-defined]


class TeamForm(ActorForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    description = forms.CharField(label=_("What it is for"), max_length=300, required=False)
    visibility = forms.ChoiceField(
        label=_("Who knows about it"), choices=Team.Visibility.choices, widget=forms.RadioSelect
    )


class PlaceForm(ActorForm):
    """Puts a member into a team."""

    member: "forms.ModelChoiceField[Membership]" = forms.ModelChoiceField(
        label=_("Member"), queryset=None
    )
    is_lead = forms.BooleanField(label=_("Leads the team"), required=False)

    def __init__(self, *args: Any, team: Team, **options: Any) -> None:
        super().__init__(*args, **options)
        rows = Membership.objects.visible_to(self.actor).filter(status=Membership.Status.ACTIVE)
        self.fields["member"].queryset = rows.exclude(  # type: ignore[attr-defined]
            places__team=team
        ).order_by("name", "id")


class TokenForm(ActorForm):
    name = forms.CharField(
        label=_("What it is for"),
        max_length=80,
        widget=forms.TextInput(attrs={"placeholder": _("Nightly import"), "autofocus": True}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=ApiToken.Kind.choices,
        initial=ApiToken.Kind.PERSONAL,
        help_text=_("Personal for your own scripts, service for a program, agent for a scanner."),
    )
    days = forms.TypedChoiceField(label=_("Ends after"), coerce=int)
    scopes = forms.MultipleChoiceField(
        label=_("It may"),
        widget=forms.CheckboxSelectMultiple(attrs={"class": "choices-wide"}),
        help_text=_("Never more than you may, also when your role changes later."),
    )
    address_rule = forms.CharField(
        label=_("Only from these addresses"),
        max_length=100,
        required=False,
        widget=forms.TextInput(attrs={"placeholder": "203.0.113.0/24"}),
        help_text=_("Addresses or networks, with commas. Empty: from anywhere."),
    )

    DAYS = (1, 7, 30, 60, 90, 180, 365)

    def __init__(self, *args: Any, policy: Policy, **options: Any) -> None:
        super().__init__(*args, **options)
        longest = policy.token_max_age.days
        days = sorted({day for day in self.DAYS if day < longest} | {longest})
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (day, gettext("1 day") if day == 1 else gettext("%(n)d days") % {"n": day})
            for day in days
        ]
        self.fields["days"].initial = min(30, longest)
        self.fields["scopes"].choices = scope_choices(self.actor)  # type: ignore[attr-defined]

    def lasts(self) -> timedelta:
        return timedelta(days=self.cleaned_data["days"])


def scope_choices(actor: Actor) -> list[tuple[str, str]]:
    return [
        (str(scope), str(PERMISSION_LABELS[Permission(scope)])) for scope in offered_scopes(actor)
    ]


class ProfileForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    timezone = forms.ChoiceField(label=_("Time zone"), choices=timezone_choices)
    theme = forms.ChoiceField(
        label=_("Appearance"), choices=User.Theme.choices, widget=forms.RadioSelect
    )


class JoiningForm(forms.Form):
    """What somebody new says about themselves when they accept an invitation."""

    name = forms.CharField(
        label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    password = forms.CharField(
        label=_("Password"),
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("At least 12 characters. A few unrelated words do well."),
    )

    def __init__(self, *args: Any, email: str, **options: Any) -> None:
        self.email = email
        super().__init__(*args, **options)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        password = cleaned.get("password")
        if password:
            person = User(email=self.email, name=cleaned.get("name", ""))
            try:
                validate_password(password, person)
            except ValidationError as weak:
                self.add_error("password", weak)
        return cleaned
