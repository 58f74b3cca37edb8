"""The door through which a downstream system says that it acted: one address for one message."""

import json
from collections.abc import Mapping

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, JsonResponse
from django.views.decorators.csrf import csrf_exempt

from audit.refusals import Malformed, NotFound, Refusal
from portal.downstream.actions import acknowledge_callback
from portal.downstream.models import Callback
from portal.downstream.rules import Through
from portal.rest.authentication import refuse_unsafe_transport
from portal.ui.needs import open_to_all
from tenants.access import system_actor
from tenants.clock import now
from tenants.links import Purpose, read_link
from tenants.models import Organization
from tenants.scoping import organization_scope

LARGEST = 64 * 1024


@csrf_exempt
@open_to_all(reason="The signed address proves which message is meant.", methods=("POST",))
def callback_acknowledge(request: HttpRequest, signed: str) -> JsonResponse:
    """Safe to repeat. Nothing is told that the caller did not know."""
    try:
        refuse_unsafe_transport(request)
        _refuse_denial(request)
        link = read_link(Purpose.ACKNOWLEDGEMENT, signed)
        with organization_scope(link.organization_id):
            return _acknowledged(Callback.objects.filter(pk=link.row_id).first())
    except Refusal as refusal:
        said = {"title": refusal.code, "status": refusal.status, "detail": refusal.message}
        return JsonResponse(said, status=refusal.status, content_type="application/problem+json")


def _acknowledged(callback: Callback | None) -> JsonResponse:
    if callback is None:
        raise NotFound("This address is not known.")
    actor = system_actor(Organization.objects.current())
    done = acknowledge_callback(callback.pk, actor=actor, at=now(), through=Through.CALL)
    at = done.acknowledged_at
    return JsonResponse({"acknowledged": True, "at": at.isoformat() if at else None})


def _refuse_denial(request: HttpRequest) -> None:
    """An empty body, or JSON that says yes. Raises Malformed for anything else."""
    try:
        raw = request.read(LARGEST)
        said = json.loads(raw) if raw.strip() else {"acknowledged": True}
    except (RequestDataTooBig, OSError, ValueError, RecursionError) as broken:
        raise Malformed('Send {"acknowledged": true} as JSON, or no body.') from broken
    if not isinstance(said, Mapping) or said.get("acknowledged") is not True:
        raise Malformed('Send {"acknowledged": true} as JSON, or no body.')
