"""Diagnosis without access: a bundle is made, reviewed line by line, signed and sent."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid
from portal.grants.actions.bundling import make_bundle, send_bundle
from portal.grants.bundle_forms import BundleForm
from portal.grants.models import Bundle
from portal.grants.showing import parts_of
from portal.grants.views.cases import case_of
from portal.ui.exports import download_headers
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission


@needs(Permission.CASE_OPEN)
def bundle_review(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    case = case_of(request, reference)
    draft = Bundle.objects.filter(case=case, sent_at__isnull=True).first()
    context = {
        "case": case,
        "draft": draft,
        "parts": parts_of(draft.lines) if draft else [],
        "has_integrations": case.integrations.exists(),
    }
    return page(request, "grants/bundle_review.html", context)


@needs(make_bundle.permission, methods=("POST",), refusal_to="bundle-review")
def bundle_make(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    make_bundle(case_of(request, reference), actor=request.actor, at=request.at)
    return redirect(workspace_url(request, "bundle-review", reference))


@needs(send_bundle.permission, methods=("POST",), refusal_to="bundle-review")
def bundle_send(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    case = case_of(request, reference)
    draft: Bundle = get_object_or_404(Bundle.objects.filter(case=case, sent_at__isnull=True))
    form = BundleForm(request.POST, lines=len(draft.lines))
    if not form.is_valid():
        raise Invalid(_("The bundle has changed since. Look through it once more."))
    sent = send_bundle(draft, actor=request.actor, at=request.at, leave_out=form.left_out())
    messages.success(request, _("Signed, and sent with the case."))
    return redirect(workspace_url(request, "bundle-show", reference, sent.pk))


@needs(Permission.CASE_VIEW)
def bundle_show(
    request: PortalRequest, slug: str, reference: str, *, bundle_id: UUID
) -> HttpResponse:
    bundle = _sent(request, reference, bundle_id)
    context = {
        "case": bundle.case,
        "bundle": bundle,
        "parts": parts_of(bundle.lines),
        "openings": list(bundle.openings.order_by("-id")[:100]),
    }
    return page(request, "grants/bundle_show.html", context)


@needs(Permission.CASE_VIEW)
def bundle_json(
    request: PortalRequest, slug: str, reference: str, *, bundle_id: UUID
) -> HttpResponse:
    bundle = _sent(request, reference, bundle_id)
    name = f"{request.organization.slug}-{reference}-bundle.json"
    return HttpResponse(bundle.document, headers=download_headers(name, "application/json"))


def _sent(request: PortalRequest, reference: str, bundle_id: UUID) -> Bundle:
    rows = Bundle.objects.visible_to(request.actor).filter(case=case_of(request, reference))
    sent = rows.filter(sent_at__isnull=False).select_related("case")
    bundle: Bundle = get_object_or_404(sent, pk=bundle_id)
    return bundle
