"""People and groups of the directory, and what a group means here."""

from uuid import UUID

from django.contrib import messages
from django.db.models import Count, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.directory.actions import map_group
from portal.directory.forms import GroupFilter, MappingForm, UserFilter
from portal.directory.mapping import effects_of_mapping, leads_unseen
from portal.directory.models import DirectoryGroup, DirectoryPlace, DirectoryUser
from portal.directory.searching import found_users
from portal.directory.views.tabs import tabs_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.models import Team
from tenants.permissions import Permission


@needs(Permission.SSO_VIEW)
def directory_user_list(request: PortalRequest) -> HttpResponse:
    form = UserFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    rows = found_users(wanted).select_related("membership")
    context = {
        "tabs": tabs_of(request, "directory-user-list"),
        "form": form,
        "is_filtered": any(wanted.values()),
        "page": keyset(rows, order=("display_name", "id"), cursor=request.GET.get("cursor", "")),
        "total": DirectoryUser.objects.count(),
    }
    return page(request, "directory/user_list.html", context)


@needs(Permission.SSO_VIEW)
def directory_group_list(request: PortalRequest) -> HttpResponse:
    form = GroupFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    groups = DirectoryGroup.objects.select_related("team", "custom_role")
    rows: QuerySet[DirectoryGroup] = groups.annotate(size=Count("places"))
    if text := wanted.get("q"):
        rows = rows.filter(display_name__icontains=text)
    context = {
        "tabs": tabs_of(request, "directory-group-list"),
        "form": form,
        "is_filtered": any(wanted.values()),
        "page": keyset(rows, order=("display_name", "id"), cursor=request.GET.get("cursor", "")),
        "known_teams": set(Team.objects.visible_to(request.actor).values_list("pk", flat=True)),
    }
    return page(request, "directory/group_list.html", context)


@needs(Permission.SSO_VIEW)
def directory_group_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    """The mapping, and what a mapping that is being considered would change."""
    group = _group(pk)
    considered = MappingForm(request.GET or None, actor=request.actor)
    preview = None
    is_hidden = leads_unseen(group, request.actor)
    if "preview" in request.GET and not is_hidden and considered.is_valid():
        preview = effects_of_mapping(group, **considered.chosen())
    form = MappingForm(
        actor=request.actor, initial=considered.data or MappingForm.initial_of(group)
    )
    places = DirectoryPlace.objects.filter(group=group).select_related("user__membership")
    context = {
        "tabs": tabs_of(request, "directory-group-list"),
        "group": group,
        "is_hidden": is_hidden,
        "form": form,
        "preview": preview,
        "considered": considered if preview else None,
        "page": keyset(places, order=("id",), cursor=request.GET.get("cursor", "")),
        "size": places.count(),
    }
    return page(request, "directory/group_show.html", context)


@needs(map_group.permission, step_up=True, methods=("POST",), refusal_to="directory-group-show")
def directory_group_map(request: PortalRequest, pk: UUID) -> HttpResponse:
    group = _group(pk)
    form = MappingForm(request.POST, actor=request.actor)
    if not form.is_valid():
        raise Invalid(_("Choose one of the roles and teams offered."))
    map_group(group, actor=request.actor, version=form.cleaned_data["version"], **form.chosen())
    messages.success(request, _("Being in %(group)s counts from now on.") % {"group": group})
    return redirect(workspace_url(request, "directory-group-show", group.pk))


def _group(pk: UUID) -> DirectoryGroup:
    return get_object_or_404(DirectoryGroup.objects.select_related("team", "custom_role"), pk=pk)
