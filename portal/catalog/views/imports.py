"""Imports of an integration: upload, progress, history."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect

from portal.catalog.actions import start_import
from portal.catalog.forms import UploadForm
from portal.catalog.models import ImportRun, Integration, Reach, Upload
from portal.catalog.refusals import ArtifactRefused
from portal.catalog.rules import LONGEST_UPLOAD
from portal.catalog.showing import may_see_keys
from portal.catalog.views.integrations import visible_integration
from portal.catalog.views.tabs import tabs
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


@needs(Permission.INTEGRATION_VIEW)
def import_list(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    return _runs_page(request, _overseen(request, pk), UploadForm())


@needs(start_import.permission, methods=("POST",), refusal_to="import-list")
def import_start(request: PortalRequest, slug: str, pk: UUID) -> HttpResponse:
    integration = _overseen(request, pk)
    form = UploadForm(request.POST, request.FILES)
    if not form.is_valid():
        return _runs_page(request, integration, form, status=422)
    try:
        run = start_import(integration, actor=request.actor, at=request.at, sent=form.sent())
    except ArtifactRefused as refusal:
        form.add_error(refusal.field or None, refusal.message)
        return _runs_page(request, integration, form, status=422)
    return redirect(workspace_url(request, "import-show", pk, run.pk))


@needs(Permission.INTEGRATION_VIEW)
def import_show(request: PortalRequest, slug: str, *, pk: UUID, run_pk: UUID) -> HttpResponse:
    integration = _overseen(request, pk)
    runs = ImportRun.objects.visible_to(request.actor).select_related("started_by")
    run = get_object_or_404(runs, pk=run_pk, integration=integration)
    context = {
        "integration": integration,
        "run": run,
        "uploads": Upload.objects.filter(run=run).order_by("kind"),
        "sees_keys": may_see_keys(request.actor),
    }
    return page(request, "catalog/import_show.html", context, fragment="catalog/_run.html")


def _overseen(request: PortalRequest, pk: UUID) -> Integration:
    """Runs tell of a whole integration, so they are for those who see all of it."""
    if not Reach.of(request.actor).every_integration:
        raise Http404
    return visible_integration(request, pk)


def _runs_page(
    request: PortalRequest, integration: Integration, form: UploadForm, *, status: int = 200
) -> HttpResponse:
    rows = ImportRun.objects.filter(integration=integration).select_related("started_by")
    listing = keyset(rows, order=("-id",), cursor=request.GET.get("cursor", ""), size=20)
    context = {
        "integration": integration,
        "form": form,
        "page": listing,
        "is_open": any(run.is_open for run in listing.rows),
        "sees_keys": may_see_keys(request.actor),
        "most_megabytes": LONGEST_UPLOAD // 2**20,
        "tabs": tabs(request, integration, "import-list"),
    }
    return page(request, "catalog/import_list.html", context, status=status)
