"""Forms of the request screens."""

from typing import Any
from uuid import UUID

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from portal.tickets.models import Step
from portal.tickets.rules import Scope
from portal.tickets.stores import erasable_classes, integrations, sizes
from portal.tickets.subjects import Wish
from portal.ui.forms import RefusableForm
from tenants.access import Actor
from tenants.inventory import NOTES
from tenants.models import Membership, ServiceAccount
from tenants.permissions import BuiltInRole, Permission

REASON_LENGTH = 500


class PersonForm(forms.Form):
    """Whose access is to be revoked."""

    names = "member"
    member: "forms.ModelChoiceField[Membership]" = forms.ModelChoiceField(
        label=_("Person"), queryset=None
    )

    def __init__(self, *args: Any, members: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["member"].queryset = members  # type: ignore[attr-defined]


class AccountForm(forms.Form):
    """Which service account is to be stopped."""

    names = "account"
    account: "forms.ModelChoiceField[ServiceAccount]" = forms.ModelChoiceField(queryset=None)

    def __init__(self, *args: Any, accounts: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["account"].queryset = accounts  # type: ignore[attr-defined]


class RevocationForm(forms.Form):
    effective_at = forms.DateTimeField(
        label=_("When"),
        required=False,
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help_text=_("In UTC. Left empty, access is blocked now."),
    )
    reason = forms.CharField(
        label=_("Reason"),
        required=False,
        max_length=REASON_LENGTH,
        help_text=_("Shown on the request, for example “left the company”."),
    )


class TargetForm(forms.Form):
    """What is to be deleted: everything, one kind of data, one integration, one person."""

    target = forms.ChoiceField(label=_("What to delete"))

    def __init__(self, *args: Any, actor: Actor, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["target"].choices = _targets(actor)  # type: ignore[attr-defined]

    def wish(self) -> Wish:
        return wish_of(self.cleaned_data["target"])


class DeletionForm(forms.Form):
    """The name of what goes, typed out: nobody deletes by a slip of the hand."""

    confirmation = forms.CharField(
        label=_("Type the name to confirm"),
        max_length=320,
        widget=forms.TextInput({"autocomplete": "off", "spellcheck": "false"}),
    )
    reason = forms.CharField(label=_("Reason"), required=False, max_length=REASON_LENGTH)
    revoke = forms.BooleanField(
        label=_("Revoke their access now, too"),
        required=False,
        help_text=_("Their access stays revoked, also if you withdraw this request."),
    )

    def __init__(self, *args: Any, scope: Scope, is_member: bool = False, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["reason"].required = scope == Scope.CLOSE
        if not is_member:
            del self.fields["revoke"]


def wish_of(target: str) -> Wish:
    """The choice of the list, taken apart. It was checked to be one of them."""
    kind, _mark, rest = target.partition(":")
    match kind:
        case Scope.ALL_METADATA | Scope.CLOSE:
            return Wish(Scope(kind))
        case "class":
            return Wish(Scope.DATA_CLASS, data_class=rest)
        case "member":
            return Wish(Scope.PERSON, member_id=UUID(rest))
        case _:
            return Wish(Scope.INTEGRATION, integration_id=UUID(kind))


def _targets(actor: Actor) -> list[tuple[Any, Any]]:
    held = sizes()
    name = actor.organization.name
    everything = _counted(_("All metadata of “%(name)s”") % {"name": name}, sum(held.values()))
    whole = [(Scope.ALL_METADATA.value, everything)]
    if actor.may(Permission.DELETION_CLOSE_ORGANIZATION):
        whole.append((Scope.CLOSE.value, _("Close the workspace “%(name)s”") % {"name": name}))
    kinds = [(f"class:{one}", NOTES[one].label) for one in erasable_classes()]
    sources = [(str(pk), _counted(one, held.get(pk, 0))) for pk, one in integrations()]
    groups = [
        (_("The workspace"), whole),
        (_("One integration"), sources),
        (_("One kind of data"), kinds),
        (_("A person's data"), _people(actor)),
    ]
    return [(label, choices) for label, choices in groups if choices]


def _people(actor: Actor) -> list[tuple[str, str]]:
    rows = Membership.objects.visible_to(actor)
    if actor.membership is not None:
        rows = rows.exclude(pk=actor.membership.pk)
        if not actor.may(Permission.ORGANIZATION_MANAGE):
            rows = rows.exclude(role=BuiltInRole.OWNER)
    named = rows.order_by("name", "id").values_list("pk", "name", "email")
    return [(f"member:{pk}", f"{name} ({email})") for pk, name, email in named]


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
