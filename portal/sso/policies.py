"""The sign-in policy as its form shows it, and as it would be after the form."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.ui.forms import ActorForm
from tenants.access import Actor
from tenants.models import DefaultTeam, Policy, Team
from tenants.permissions import CUSTOMER_ROLES, ROLE_PERMISSIONS, BuiltInRole

METHODS = ("saml_allowed", "google_allowed", "microsoft_allowed", "oidc_allowed")
NEWCOMERS = ("just_in_time", "default_role")
FIELDS = (*METHODS, "mfa_required", *NEWCOMERS)


class SignInPolicyForm(ActorForm):
    """Which ways lead in, and as what newcomers arrive; passwords close by the enforcement."""

    saml_allowed = forms.BooleanField(label="SAML 2.0", required=False)
    google_allowed = forms.BooleanField(label="Google Workspace", required=False)
    microsoft_allowed = forms.BooleanField(label="Microsoft Entra ID", required=False)
    oidc_allowed = forms.BooleanField(label="OpenID Connect", required=False)
    mfa_required = forms.BooleanField(
        label=_("Passwords need a second factor"),
        required=False,
        help_text=_("Whoever signs in by password also shows a passkey or a code."),
    )
    just_in_time = forms.TypedChoiceField(
        label=_("First single sign-on without an invitation"),
        coerce=lambda value: value == "domains",
        choices=[
            ("off", _("Off: only people who were invited or came from the directory")),
            ("domains", _("For addresses of the domains that this workspace has proven")),
        ],
        widget=forms.RadioSelect,
    )
    default_role = forms.ChoiceField(
        label=_("Their first role"), help_text=_("Never the owner's, and never more than you may.")
    )
    default_teams: "forms.ModelMultipleChoiceField[Team]" = forms.ModelMultipleChoiceField(
        label=_("Their first teams"),
        queryset=None,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Joined by whoever comes in by single sign-on or from the directory."),
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, policy: Policy, **options: Any) -> None:
        self.policy = policy
        actor: Actor = options["actor"]
        teams = Team.objects.visible_to(actor).order_by("name")
        joined = DefaultTeam.objects.filter(team__in=teams.order_by())
        self.present = set(joined.values_list("team_id", flat=True))
        super().__init__(*args, initial=self._written(), **options)
        self.fields["default_role"].choices = self._roles()  # type: ignore[attr-defined]
        self.fields["default_teams"].queryset = teams  # type: ignore[attr-defined]

    def _written(self) -> dict[str, Any]:
        values: dict[str, Any] = {name: getattr(self.policy, name) for name in FIELDS}
        values["just_in_time"] = "domains" if self.policy.just_in_time else "off"
        return {**values, "default_teams": list(self.present), "version": self.policy.version}

    def _roles(self) -> list[tuple[str, Any]]:
        """What the author may hand out, and what stands there already."""
        return [
            (role.value, role.label)
            for role in BuiltInRole
            if role.value == self.policy.default_role
            or (
                role in CUSTOMER_ROLES - {BuiltInRole.OWNER}
                and ROLE_PERMISSIONS[role] <= self.actor.permissions
            )
        ]

    def changes(self) -> dict[str, Any]:
        """What would be different, in the policy's own terms."""
        wanted = {name: self.cleaned_data[name] for name in FIELDS}
        found = {k: v for k, v in wanted.items() if v != getattr(self.policy, k)}
        teams = {team.pk for team in self.cleaned_data["default_teams"]}
        if teams != self.present:
            found["default_teams"] = sorted(teams)
        return found

    def policy_after(self) -> Policy:
        """An unsaved copy with the changes, to look at what they would do."""
        values = {f.attname: getattr(self.policy, f.attname) for f in Policy._meta.concrete_fields}  # noqa: SLF001
        values.update({k: v for k, v in self.changes().items() if k != "default_teams"})
        return Policy(**values)
