"""Cases as staff see them, and the request for diagnostic access."""

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from audit.refusals import Invalid, Refusal
from portal.console.forms import StaffCaseForm
from portal.grants.across import case_page
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.actions.requests import request_grant
from portal.grants.choosing import asked_scope, attached
from portal.grants.forms import RequestForm
from portal.grants.models import Bundle, Case, Grant
from portal.grants.numbering import numbered
from portal.grants.rules import CaseStatus
from portal.grants.showing import card
from portal.grants.staff import all_customers, visiting
from portal.grants.terms import Wish
from portal.grants.vendor import standing_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.access import Actor
from tenants.permissions import Permission


@needs(Permission.CASE_VIEW)
def staff_case_list(request: PortalRequest) -> HttpResponse:
    status = request.GET.get("status", CaseStatus.OPEN)
    if status not in CaseStatus.values:
        raise Http404
    found = case_page(request.actor, status=status, cursor=request.GET.get("cursor", ""))
    return page(request, "console/case_list.html", {"page": found, "chosen": status})


@needs(open_case.permission, methods=("GET", "POST"))
def staff_case_open(request: PortalRequest) -> HttpResponse:
    choices = [(row.slug, row.name) for row in all_customers()]
    form = StaffCaseForm(request.POST or None, customers=choices)
    if request.method == "POST" and form.is_valid():
        data = dict(form.cleaned_data)
        slug = data.pop("organization")
        with visiting(request.actor, slug) as visitor:
            case = open_case(CaseFacts(**data), actor=visitor, at=request.at)
        messages.success(request, _("%(case)s is open.") % {"case": case.reference})
        return redirect("staff-case-show", slug, case.reference)
    status = 422 if form.is_bound else 200
    return page(request, "console/case_open.html", {"form": form}, status=status)


@needs(Permission.CASE_VIEW)
def staff_case_show(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        case = _case(visitor, reference)
        grants = Grant.objects.visible_to(visitor).filter(case=case).prefetch_related("scope")
        context = {
            "organization": visitor.organization,
            "case": case,
            "attached": attached(case),
            "grants": [card(each, request.at) for each in grants.order_by("-id")],
            "bundles": list(
                Bundle.objects.visible_to(visitor).filter(case=case).order_by("-id")[:50]
            ),
        }
    return page(request, "console/case_show.html", context)


@needs(request_grant.permission, methods=("GET", "POST"))
def staff_grant_request(request: PortalRequest, slug: str, reference: str) -> HttpResponse:
    with visiting(request.actor, slug) as visitor:
        case = _case(visitor, reference)
        form = _request_form(request, case)
        asked = _ask(request, visitor, case, form=form) if form.is_bound else None
        organization = visitor.organization
    if asked is not None:
        messages.success(
            request, _("%(grant)s goes to a support lead first.") % {"grant": asked.reference}
        )
        return redirect("staff-grant-show", slug, asked.reference)
    person = request.actor.membership
    context = {
        "form": form,
        "case": case,
        "organization": organization,
        "standing": standing_of(person, request.at) if person else None,
    }
    status = 422 if form.is_bound else 200
    return page(request, "console/grant_request.html", context, status=status)


def _case(visitor: Actor, reference: str) -> Case:
    case: Case | None = numbered(Case.objects.visible_to(visitor), reference, "CASE").first()
    if case is None:
        raise Http404
    return case


def _request_form(request: PortalRequest, case: Case) -> RequestForm:
    return RequestForm(
        request.POST if request.method == "POST" else None,
        scope=attached(case),
        has_bundle=case.has_diagnosis,
        initial={
            "capabilities": ["status", "metadata"],
            "previous": request.GET.get("previous", ""),
        },
    )


def _ask(request: PortalRequest, visitor: Actor, case: Case, *, form: RequestForm) -> Grant | None:
    if not form.is_valid():
        return None
    data = form.cleaned_data
    try:
        return request_grant(
            case,
            actor=visitor,
            at=request.at,
            previous_id=data["previous"],
            wish=Wish(
                reason_code=data["reason_code"],
                justification=data["justification"],
                bundle_gap=data.get("bundle_gap", ""),
                duration=form.length(),
                capabilities=tuple(data["capabilities"]),
                scope=asked_scope(
                    case,
                    integrations=form.integration_ids(),
                    resources=data.get("resources", ()),
                ),
                starts_at=data["starts_at"],
            ),
        )
    except Invalid as refusal:
        _take(form, refusal)
    except Refusal as refusal:
        form.add_error(None, refusal.message)
    return None


def _take(form: RequestForm, refusal: Invalid) -> None:
    """Show what the action refused beside the fields; the scope is chosen as integrations."""
    for name, said in refusal.errors.items():
        field = "integrations" if name == "scope" else name
        form.add_error(field if field in form.fields else None, [*said])
