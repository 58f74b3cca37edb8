"""The log of calls: what the identity provider asked, and what became of it."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404

from portal.directory.forms import CallFilter
from portal.directory.models import DirectoryCall
from portal.directory.searching import found_calls
from portal.directory.views.tabs import tabs_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.SSO_VIEW)
def directory_call_list(request: PortalRequest) -> HttpResponse:
    form = CallFilter(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    context = {
        "tabs": tabs_of(request, "directory-call-list"),
        "form": form,
        "is_filtered": any(wanted.values()),
        "page": keyset(found_calls(wanted), order=("-id",), cursor=request.GET.get("cursor", "")),
    }
    return page(request, "directory/call_list.html", context)


@needs(Permission.SSO_VIEW)
def directory_call_show(request: PortalRequest, pk: UUID) -> HttpResponse:
    call = get_object_or_404(DirectoryCall.objects.all(), pk=pk)
    context = {"tabs": tabs_of(request, "directory-call-list"), "call": call}
    return page(request, "directory/call_show.html", context)
