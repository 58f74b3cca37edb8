"""Roles: the built-in ones, those made here, and what a change of one would do."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.access.views.previewing import Asked, previewed
from portal.people.forms.roles import RoleDefinitionForm, roles_of
from portal.people.listing import holders
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.actions.roles import create_role, delete_role, edit_role
from tenants.models import Role
from tenants.permissions import PERMISSION_LABELS, ROLE_PERMISSIONS, BuiltInRole, Permission
from tenants.rights import known

BOTH = ("GET", "POST")


@needs(Permission.ROLE_VIEW)
def role_list(request: PortalRequest) -> HttpResponse:
    """The page of permissions, drawn; above it the roles made here."""
    offered = roles_of(request.actor)
    roles = [role for role in BuiltInRole if role in offered]
    held = {p for role in roles for p in ROLE_PERMISSIONS[role]}
    rows = [
        {
            "label": PERMISSION_LABELS[permission],
            "name": str(permission),
            "cells": [(role.label, permission in ROLE_PERMISSIONS[role]) for role in roles],
        }
        for permission in Permission
        if permission in held
    ]
    counts = holders(at=request.at)
    context = {
        "heads": [(role.label, counts[role.value], role.value) for role in roles],
        "rows": rows,
        "made": [
            {"role": role, "people": counts[str(role.pk)], "count": len(role.held())}
            for role in Role.objects.visible_to(request.actor).order_by("name")
        ],
    }
    return page(request, "people/role_list.html", context)


@needs(Permission.ROLE_VIEW)
def role_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    role = get_object_or_404(Role.objects.visible_to(request.actor), pk=pk)
    context = {
        "role": role,
        "labels": [PERMISSION_LABELS[p] for p in Permission if p in role.held()],
        "people": holders(at=request.at)[str(role.pk)],
        "may_change": request.actor.may(Permission.ROLE_MANAGE)
        and role.held() <= request.actor.permissions,
    }
    return page(request, "people/role_show.html", context)


@needs(create_role.permission, step_up=True, methods=BOTH, refusal_to="role-list")
def role_new(request: PortalRequest) -> HttpResponse:
    """A new role, from nothing or from what another one allows."""
    form = RoleDefinitionForm(
        request.POST or None, actor=request.actor, initial={"permissions": _copied(request)}
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            role = create_role(
                actor=request.actor,
                name=data["name"],
                description=data["description"],
                permissions=data["permissions"],
            )
        except Invalid as refusal:
            form.take(refusal)
        else:
            messages.success(request, _("The role %(name)s is there.") % {"name": role})
            return redirect(workspace_url(request, "role-show", role.pk))
    status = 422 if form.is_bound else 200
    return page(request, "people/role_form.html", {"form": form}, status=status)


def _copied(request: PortalRequest) -> list[str]:
    key = request.GET.get("copy", "")
    if key in ROLE_PERMISSIONS:
        return [p.value for p in ROLE_PERMISSIONS[key]]
    try:
        made = Role.objects.visible_to(request.actor).filter(pk=UUID(key)).first()
    except ValueError:
        made = None
    return list(made.permissions) if made else []


@needs(edit_role.permission, step_up=True, methods=BOTH, refusal_to="role-show")
def role_change(request: PortalRequest, pk: UUID) -> HttpResponse:
    """What it allows, then who gains and loses what, then the change."""
    role = get_object_or_404(Role.objects.visible_to(request.actor), pk=pk)
    initial = {
        "name": role.name,
        "description": role.description,
        "permissions": role.permissions,
        "version": role.version,
    }
    form = RoleDefinitionForm(request.POST or None, actor=request.actor, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return _previewed(request, role, form)
        except Invalid as refusal:
            form.take(refusal)
    status = 422 if form.is_bound else 200
    return page(request, "people/role_form.html", {"form": form, "role": role}, status=status)


def _previewed(request: PortalRequest, role: Role, form: RoleDefinitionForm) -> HttpResponse:
    data = form.cleaned_data

    def change() -> Role:
        return edit_role(
            role,
            actor=request.actor,
            version=data["version"] or 0,
            name=data["name"],
            description=data["description"],
            permissions=data["permissions"],
        )

    back = workspace_url(request, "role-show", role.pk)
    before, after = role.held(), known(data["permissions"])
    asked = Asked(
        title=_("Change the role %(name)s") % {"name": role},
        button=_("Change role"),
        back=back,
        also=tuple(
            (heading, _labels(which))
            for heading, which in ((_("Added"), after - before), (_("Taken away"), before - after))
            if which
        ),
    )
    if (seen := previewed(request, asked, change=change)) is not None:
        return seen
    messages.success(request, _("The role %(name)s was changed.") % {"name": change()})
    return redirect(back)


def _labels(permissions: frozenset[Permission]) -> tuple[str, ...]:
    return tuple(str(PERMISSION_LABELS[p]) for p in Permission if p in permissions)


@needs(delete_role.permission, step_up=True, methods=("POST",), refusal_to="role-show")
def role_delete(request: PortalRequest, pk: UUID) -> HttpResponse:
    role = get_object_or_404(Role.objects.visible_to(request.actor), pk=pk)
    delete_role(role, actor=request.actor)
    messages.success(request, _("The role %(name)s is gone.") % {"name": role.name})
    return redirect(workspace_url(request, "role-list"))
