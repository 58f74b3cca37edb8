"""Forms about members."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.people.forms.roles import role_choices, roles_of
from portal.people.member_listing import ORDER_LABELS, USES
from portal.ui.forms import ActorForm, FilterForm
from tenants.models import Membership, Role, Team
from tenants.permissions import (
    BuiltInRole,
)


class MemberFilter(FilterForm):
    q = forms.CharField(
        label=_("Search"),
        required=False,
        max_length=100,
        widget=forms.SearchInput(attrs={"placeholder": _("Name or address")}),
    )
    role = forms.ChoiceField(label=_("Role"), required=False)
    team = forms.ChoiceField(label=_("Team"), required=False)
    status = forms.ChoiceField(label=_("Access"), required=False)
    source = forms.ChoiceField(label=_("Came by"), required=False)
    use = forms.ChoiceField(label=_("Use"), required=False)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=list(ORDER_LABELS.items()))

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        teams = Team.objects.visible_to(self.actor).order_by("name").values_list("pk", "name")
        offered = roles_of(self.actor)
        built_in = [(r.value, r.label) for r in BuiltInRole if r in offered]
        custom = [(f"custom:{r.pk}", r.name) for r in Role.objects.order_by("name")]
        self.offer("role", [*built_in, *custom])
        self.offer("team", [(str(pk), name) for pk, name in teams])
        self.offer("status", Membership.Status.choices)
        self.offer("source", Membership.Source.choices)
        self.offer("use", list(USES.items()))


class RoleForm(ActorForm):
    role = forms.ChoiceField(label=_("Role"))
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["role"].choices = role_choices(self.actor)  # type: ignore[attr-defined]
