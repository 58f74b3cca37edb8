"""Which roles a form offers, and the form that makes one."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from portal.people.areas import AREAS, Area, choices_by_area
from portal.people.listing import offered_roles
from portal.ui.forms import ActorForm
from tenants.access import Actor
from tenants.actions.roles import LONGEST_DESCRIPTION, LONGEST_NAME
from tenants.models import Role
from tenants.permissions import (
    CUSTOMER_ROLES,
    VENDOR_ROLES,
    BuiltInRole,
    offered_permissions,
)


def roles_of(actor: Actor) -> frozenset[BuiltInRole]:
    return VENDOR_ROLES if actor.organization.is_vendor else CUSTOMER_ROLES


def role_choices(actor: Actor) -> list[tuple[str, str]]:
    """Built-in roles, then those made here; only what the actor may hand out."""
    built_in = [(role.value, str(role.label)) for role in offered_roles(actor, roles_of(actor))]
    made = [
        (f"custom:{role.pk}", role.name)
        for role in Role.objects.order_by("name")
        if role.held() <= actor.permissions
    ]
    return built_in + made


def permission_choices(actor: Actor) -> list[tuple[str, list[tuple[str, str]]]]:
    """What a role of this workspace may hold, by area, as far as the actor holds it."""
    offered = offered_permissions(is_vendor=actor.organization.is_vendor) & actor.permissions
    return choices_by_area(offered)


class RoleDefinitionForm(ActorForm):
    name = forms.CharField(label=_("Name"), max_length=LONGEST_NAME)
    description = forms.CharField(
        label=_("Description"), required=False, max_length=LONGEST_DESCRIPTION
    )
    permissions = forms.MultipleChoiceField(
        label=_("Whoever has this role may"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Choose at least one.")},
    )
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1, required=False)

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["permissions"].choices = permission_choices(  # type: ignore[attr-defined]
            self.actor
        )

    def areas(self) -> list[tuple[Area, list[Any]]]:
        """The boxes to tick under their areas."""
        boxes = {str(box.data["value"]): box for box in self["permissions"]}
        found = [(area, [boxes[p] for p in area.permissions if p in boxes]) for area in AREAS]
        return [(area, ticked) for area, ticked in found if ticked]
