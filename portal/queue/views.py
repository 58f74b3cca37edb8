"""What machines ask of a running Gatehouse: alive, ready, and its figures."""

import hmac

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotFound, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from prometheus_client import REGISTRY
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from portal.queue import readiness


@login_not_required
@never_cache
@require_safe
def show_health(_request: HttpRequest) -> HttpResponse:
    """The process answers; nothing else is asked."""
    return JsonResponse({"status": "ok"})


@login_not_required
@never_cache
@require_safe
def show_readiness(_request: HttpRequest) -> HttpResponse:
    answers = readiness.answers()
    is_ready = all(answer.is_good for answer in answers)
    return JsonResponse(
        {
            "status": "ready" if is_ready else "not ready",
            "checks": {answer.name: answer.problem or "ok" for answer in answers},
        },
        status=200 if is_ready else 503,
    )


@login_not_required
@never_cache
@require_safe
def show_metrics(request: HttpRequest) -> HttpResponse:
    """For the holder of METRICS_TOKEN; embedded without one, for this machine."""
    if not _may_read_metrics(request):
        return HttpResponseNotFound()
    return HttpResponse(generate_latest(REGISTRY), content_type=CONTENT_TYPE_LATEST)


def _may_read_metrics(request: HttpRequest) -> bool:
    expected = settings.METRICS_TOKEN
    if expected:
        given = request.headers.get("Authorization", "")
        return hmac.compare_digest(given.encode(), f"Bearer {expected}".encode())
    return bool(settings.EMBEDDED)
