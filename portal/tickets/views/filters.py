"""Filters that somebody keeps for themselves."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from portal.tickets.actions import delete_filter, save_filter
from portal.tickets.list_forms import SavedFilterForm
from portal.tickets.models import SavedFilter
from portal.tickets.views.listing import filter_of
from portal.ui.needs import needs
from portal.ui.requests import PortalRequest, workspace_url


def _list(request: HttpRequest) -> str:
    return workspace_url(request, "ticket-list")


@needs(save_filter.permission, methods=("POST",), refusal_to=_list)
def filter_save(request: PortalRequest) -> HttpResponse:
    form = SavedFilterForm(request.POST, actor=request.actor)
    if not form.is_valid():
        messages.error(request, _("Give the filter a name of at most 60 letters."))
        return redirect(_list(request))
    given = filter_of(request, QueryDict(form.cleaned_data["filter"]))
    query = given.query()
    if given.chosen() is None or not query:
        messages.error(request, _("Set the filter first, then keep it."))
        return redirect(_list(request))
    kept = save_filter(
        actor=request.actor, at=request.at, name=form.cleaned_data["name"], query=query
    )
    messages.success(request, _("The filter is kept as “%(name)s”.") % {"name": kept})
    return redirect(f"{_list(request)}?{query}")


@needs(delete_filter.permission, methods=("POST",), refusal_to=_list)
def filter_delete(request: PortalRequest, pk: UUID) -> HttpResponse:
    kept = get_object_or_404(SavedFilter.objects.visible_to(request.actor), pk=pk)
    delete_filter(kept, actor=request.actor)
    messages.success(request, _("The filter “%(name)s” is deleted.") % {"name": kept})
    return redirect(_list(request))
