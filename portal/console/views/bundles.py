"""Diagnosis bundles as staff open them; the customer sees each opening."""

from uuid import UUID

from django.http import Http404, HttpResponse

from portal.grants.actions.bundling import open_bundle
from portal.grants.models import Bundle
from portal.grants.numbering import numbered_by_case
from portal.grants.showing import parts_of
from portal.grants.staff import visiting
from portal.ui.exports import download_headers
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.access import Actor


@needs(open_bundle.permission)
def staff_bundle_show(
    request: PortalRequest, slug: str, reference: str, *, bundle_id: UUID
) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        bundle = _opened(request, visitor, reference=reference, bundle_id=bundle_id)
        context = {
            "organization": visitor.organization,
            "case": bundle.case,
            "bundle": bundle,
            "parts": parts_of(bundle.lines),
        }
    return page(request, "console/bundle_show.html", context)


@needs(open_bundle.permission)
def staff_bundle_json(
    request: PortalRequest, slug: str, reference: str, *, bundle_id: UUID
) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        bundle = _opened(request, visitor, reference=reference, bundle_id=bundle_id)
    name = f"{slug}-{reference}-bundle.json"
    return HttpResponse(bundle.document, headers=download_headers(name, "application/json"))


def _opened(request: PortalRequest, visitor: Actor, *, reference: str, bundle_id: UUID) -> Bundle:
    rows = Bundle.objects.visible_to(visitor).select_related("case")
    bundle: Bundle | None = numbered_by_case(rows, reference).filter(pk=bundle_id).first()
    if bundle is None:
        raise Http404
    route = request.resolver_match.view_name if request.resolver_match else ""
    return open_bundle(bundle, actor=visitor, at=request.at, route=route)
