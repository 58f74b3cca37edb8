"""The customer's cases: list, open, show, attach, close."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from portal.catalog.models import Integration
from portal.grants.actions.cases import attach_integrations, close_case, open_case
from portal.grants.forms import AttachForm, CaseForm
from portal.grants.models import Bundle, Case, Grant
from portal.grants.numbering import numbered
from portal.grants.rules import CaseStatus
from portal.grants.showing import card
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest, workspace_url
from tenants.permissions import Permission

MOST_CHOICES = 200


@needs(Permission.CASE_VIEW)
def case_list(request: PortalRequest, slug: str) -> HttpResponse:
    rows = Case.objects.visible_to(request.actor).prefetch_related("integrations", "grants")
    chosen = request.GET.get("status", CaseStatus.OPEN)
    if chosen in CaseStatus.values:
        rows = rows.filter(status=chosen)
    listing = keyset(rows, order=("-id",), cursor=request.GET.get("cursor", ""))
    context = {"page": listing, "chosen": chosen, "tabs": _tabs(request, chosen)}
    return page(request, "grants/case_list.html", context)


@needs(open_case.permission, methods=("GET", "POST"))
def case_open(request: PortalRequest, slug: str) -> HttpResponse:
    choices = Integration.objects.visible_to(request.actor).order_by("name", "id")
    first = {"integrations": request.GET.getlist("integration")}
    form = CaseForm(request.POST or None, integrations=choices[:MOST_CHOICES], initial=first)
    if request.method == "POST" and form.is_valid():
        case = open_case(
            form.facts(),
            actor=request.actor,
            at=request.at,
            integration_ids=form.integration_ids(),
        )
        messages.success(request, _("%(case)s is open.") % {"case": case.reference})
        return redirect(workspace_url(request, "case-show", case.reference))
    status = 422 if form.is_bound else 200
    return page(request, "grants/case_open.html", {"form": form}, status=status)


@needs(Permission.CASE_VIEW)
def case_show(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    case = case_of(request, reference)
    attached = list(case.integrations.order_by("label", "id"))
    grants = Grant.objects.visible_to(request.actor).filter(case=case).prefetch_related("scope")
    ids = [row.integration_id for row in attached]
    visible = Integration.objects.visible_to(request.actor)
    others = visible.exclude(pk__in=ids)
    context = {
        "case": case,
        "attached": attached,
        "still_there": set(visible.filter(pk__in=ids).values_list("pk", flat=True)),
        "grants": [card(grant, request.at) for grant in grants.order_by("-id")],
        "attach": AttachForm(integrations=others.order_by("name", "id")[:MOST_CHOICES]),
        "bundles": list(
            Bundle.objects.visible_to(request.actor).filter(case=case).order_by("-id")[:50]
        ),
        "disputes": list(case.disputes.order_by("id")),
        "can_attach": case.is_open and others.exists(),
    }
    return page(request, "grants/case_show.html", context)


@needs(attach_integrations.permission, methods=("POST",), refusal_to="case-show")
def case_attach(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    case = case_of(request, reference)
    choices = Integration.objects.visible_to(request.actor).order_by("name", "id")
    form = AttachForm(request.POST, integrations=choices[:MOST_CHOICES])
    if form.is_valid():
        attach_integrations(case, actor=request.actor, integration_ids=form.integration_ids())
        messages.success(request, _("Attached. Support may now ask about it."))
    else:
        messages.error(request, _("Choose at least one integration of this workspace."))
    return redirect(workspace_url(request, "case-show", case.reference))


@needs(close_case.permission, methods=("POST",), refusal_to="case-show")
def case_close(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    case = close_case(case_of(request, reference), actor=request.actor, at=request.at)
    messages.success(
        request,
        _("%(case)s is closed, and so is all diagnostic access for it.") % {"case": case.reference},
    )
    return redirect(workspace_url(request, "case-show", case.reference))


def case_of(request: PortalRequest, reference: str) -> Case:
    rows = numbered(Case.objects.visible_to(request.actor), reference, "CASE")
    case: Case = get_object_or_404(rows)
    return case


def _tabs(request: PortalRequest, chosen: str) -> list[dict[str, object]]:
    here = workspace_url(request, "case-list")
    tabs = [(CaseStatus.OPEN, _("Open")), (CaseStatus.CLOSED, _("Closed")), ("all", _("All"))]
    return [
        {"url": f"{here}?status={key}", "label": label, "current": key == chosen}
        for key, label in tabs
    ]
