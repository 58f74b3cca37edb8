"""The flight recorder's pages: every attempt, and one of them rule by rule."""

from django.http import Http404, HttpResponse
from django.shortcuts import redirect

from portal.sso.attempt_forms import AttemptFilterForm
from portal.sso.attempts import ORDER, AttemptLine, consequences_of, lines_of
from portal.sso.attention import attention_for
from portal.sso.models import SignInAttempt
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.paging import keyset
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.SSO_VIEW)
def attempt_list(request: PortalRequest) -> HttpResponse:
    """A reference that is found leads straight to its page."""
    rows = SignInAttempt.objects.visible_to(request.actor)
    form = AttemptFilterForm(request.GET, actor=request.actor)
    wanted = form.wanted() if form.is_valid() else None
    if wanted and wanted.reference and wanted.apply(rows).exists():
        return redirect("attempt-show", request.organization.slug, wanted.reference)
    narrowed = wanted.apply(rows) if wanted else rows.none()
    shown = keyset(
        narrowed.select_related("connection", "membership"),
        order=ORDER,
        cursor=request.GET.get("cursor", ""),
    )
    context = {
        "form": form,
        "page": shown,
        "lines": lines_of(shown.rows),
        "attention": attention_for(request.actor),
    }
    return page(request, "sso/attempt_list.html", context)


@needs(Permission.SSO_VIEW)
def attempt_show(request: PortalRequest, reference: str) -> HttpResponse:
    rows = SignInAttempt.objects.visible_to(request.actor)
    attempt = rows.select_related("connection", "membership").filter(reference=reference).first()
    if attempt is None:
        raise Http404
    context = {
        "attempt": attempt,
        "line": AttemptLine(attempt),
        "claims": sorted(attempt.claims.items()),
        "consequences": consequences_of(attempt, actor=request.actor),
    }
    return page(request, "sso/attempt_show.html", context)
