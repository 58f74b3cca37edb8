"""The policy's values as people write them: minutes and days in, spans of time out."""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.ui.forms import ActorForm
from tenants.access import Actor
from tenants.models import DefaultTeam, Policy, Team

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

# Field -> the unit in which it is written.
UNITS: Mapping[str, timedelta] = {
    "session_idle": MINUTE,
    "session_absolute": HOUR,
    "token_max_age": DAY,
    "cooling_off": MINUTE,
    "stale_after": DAY,
}
PLAIN = ("second_person_for_deletion", "approval_quorum")
# Written one for each line in the form, and as they are kept over the API.
LISTS = ("address_rule", "invitation_domains")
LONGEST_TEXT = 10_000
# Their page is that of the sign-in policy; the API has one address for all.
SIGN_IN = (
    "saml_allowed",
    "google_allowed",
    "microsoft_allowed",
    "oidc_allowed",
    "mfa_required",
    "just_in_time",
    "default_role",
)


class PolicyForm(ActorForm):
    session_idle = forms.IntegerField(
        label=_("Sign out after so many minutes without activity"), min_value=1, max_value=30
    )
    session_absolute = forms.FloatField(
        label=_("Sign out at the latest after so many hours"), min_value=0.1, max_value=12
    )
    token_max_age = forms.IntegerField(
        label=_("API tokens live at most so many days"), min_value=1, max_value=365
    )
    cooling_off = forms.FloatField(
        label=_("Minutes to change your mind before a deletion starts"), min_value=0, max_value=120
    )
    second_person_for_deletion = forms.BooleanField(
        label=_("A second person confirms each deletion"), required=False
    )
    approval_quorum = forms.IntegerField(
        label=_("People who must approve diagnostic access"), min_value=1, max_value=5
    )
    address_rule = forms.CharField(
        label=_("Open this workspace only from these addresses"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 4, "spellcheck": "false"}),
    )
    invitation_domains = forms.CharField(
        label=_("Invite only at these domains"),
        required=False,
        max_length=LONGEST_TEXT,
        widget=forms.Textarea(attrs={"rows": 3, "spellcheck": "false"}),
        help_text=_("One for each line, like example.com. Empty: at every domain."),
    )
    stale_after = forms.IntegerField(
        label=_("Call an account unused after so many days"), min_value=7, max_value=365
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, policy: Policy, **options: Any) -> None:
        super().__init__(*args, initial=_filled_in(policy), **options)
        yours = self.actor.address
        self.fields["address_rule"].help_text = _(
            "One address or network for each line, like 203.0.113.0/24; for the browser, the API "
            "and the directory alike. Empty: from everywhere. You come from %(address)s. An "
            "owner's break-glass code works from everywhere."
        ) % {"address": yours or _("an unknown address")}

    def changes(self) -> dict[str, Any]:
        """What the person changed, in the policy's own terms: the form shows rounded amounts."""
        names = [name for name in (*PLAIN, *UNITS, *LISTS) if name in self.changed_data]
        values = {name: self.cleaned_data[name] for name in names}
        if "invitation_domains" in values:
            values["invitation_domains"] = values["invitation_domains"].replace(",", " ").split()
        return spans(values)

    def lines(self, names: Iterable[str]) -> list[tuple[str, str, str]]:
        """Label, old and new value of each, as the form shows them."""
        return [
            (str(self.fields[name].label), _said(self.initial[name]), _said(new))
            for name in names
            if (new := self.cleaned_data.get(name)) is not None
        ]


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(_("yes") if value else _("no"))
    return ", ".join(str(value).split()) or str(_("none"))


def spans(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: UNITS[name] * value if name in UNITS else value for name, value in values.items()}


def written(policy: Policy) -> dict[str, Any]:
    """The policy's values in the units of the form and the API."""
    values: dict[str, Any] = {name: getattr(policy, name) for name in (*SIGN_IN, *PLAIN, *LISTS)}
    for name, unit in UNITS.items():
        amount = getattr(policy, name) / unit
        values[name] = int(amount) if amount == int(amount) else round(amount, 2)
    return {**values, "version": policy.version}


def shown_policy(policy: Policy, actor: Actor, *, at: datetime) -> dict[str, Any]:
    """All of it, with the default teams that this actor may know of."""
    seen = DefaultTeam.objects.filter(team__in=Team.objects.visible_to(actor))
    return {
        **written(policy),
        "sso_enforced": policy.enforces_sso(at=at),
        "sso_enforced_at": policy.sso_enforced_at,
        "sso_confirmed_at": policy.sso_confirmed_at,
        "default_teams": seen.order_by("team_id").values_list("team_id", flat=True),
    }


def _filled_in(policy: Policy) -> dict[str, Any]:
    return {
        **written(policy),
        "address_rule": "\n".join(policy.address_rule.split(", ")),
        "invitation_domains": "\n".join(policy.invitation_domains),
    }
