"""Checkpoints, the check of the log, and the keys that sign."""

from django.http import HttpRequest, HttpResponse, JsonResponse

from audit.signing import public_keys
from portal.evidence.actions import download_checkpoint, verify_log
from portal.evidence.state import latest_checkpoints, state_of
from portal.ui.needs import needs, open_to_all
from portal.ui.pages import page
from portal.ui.requests import PortalRequest
from tenants.permissions import Permission


@needs(Permission.AUDIT_VIEW)
def checkpoint_list(request: PortalRequest) -> HttpResponse:
    organization_id = request.actor.organization_id
    context = {
        "checkpoints": latest_checkpoints(organization_id),
        "state": state_of(organization_id),
    }
    return page(request, "evidence/checkpoints.html", context)


@needs(download_checkpoint.permission)
def checkpoint_latest(request: PortalRequest) -> HttpResponse:
    return _document(request, size=None)


@needs(download_checkpoint.permission)
def checkpoint_show(request: PortalRequest, size: int) -> HttpResponse:
    return _document(request, size=size)


@needs(verify_log.permission, methods=("POST",), refusal_to="event-list")
def log_verify(request: PortalRequest) -> HttpResponse:
    report = verify_log(actor=request.actor, at=request.at)
    return page(request, "evidence/verified.html", {"report": report})


@open_to_all(reason="anybody must be able to check a signature")
def signing_keys(_request: HttpRequest) -> HttpResponse:
    response = JsonResponse(public_keys(), content_type="application/jwk-set+json")
    response["Cache-Control"] = "public, max-age=300"
    response["Access-Control-Allow-Origin"] = "*"
    return response


def _document(request: PortalRequest, *, size: int | None) -> HttpResponse:
    checkpoint = download_checkpoint(actor=request.actor, at=request.at, size=size)
    response = HttpResponse(checkpoint.document + "\n", content_type="application/json")
    name = f"{request.organization.slug}-checkpoint-{checkpoint.size}.json"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["Cache-Control"] = "no-store"
    return response
