"""What somebody looks after is handed over: to whom first, then what moves, then done."""

import hashlib
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from audit.refusals import Refusal, StepUpNeeded
from portal.access.effects import Effect, rehearse
from portal.access.showing import shown_effect
from portal.people.actions.ownership import hand_over
from portal.people.forms.ownership import HandOverForm
from portal.people.ownership import Belongings, Thing, belongings_of
from portal.ui.needs import needs
from portal.ui.pages import page
from portal.ui.requests import PortalRequest, workspace_url
from tenants.access import Actor
from tenants.models import Membership


@needs(hand_over.permission, methods=("GET", "POST"), refusal_to="member-show")
def member_hand_over(request: PortalRequest, pk: UUID) -> HttpResponse:
    member = get_object_or_404(Membership.objects.visible_to(request.actor), pk=pk)
    owned = belongings_of(member, actor=request.actor, at=request.at)
    form = HandOverForm(request.POST or None, actor=request.actor, owned=owned)
    if request.method == "POST" and form.is_valid():
        answer = _go_on(request, member, form)
        if answer is not None:
            return answer
    context = {"member": member, "form": form, "belongings": owned}
    status = 422 if form.is_bound else 200
    return page(request, "people/member_hand_over.html", context, status=status)


def _go_on(request: PortalRequest, member: Membership, form: HandOverForm) -> HttpResponse | None:
    """The preview, or the deed when its preview was seen; None when the form must be mended."""
    wanted = _wanted(form)
    try:
        effect = _rehearsed(member, wanted, actor=request.actor, at=request.at)
    except StepUpNeeded:
        raise
    except Refusal as refusal:
        form.add_error(None, refusal.message)
        return None
    moves = _moves(form.owned, wanted)
    digest = _digest(moves, effect)
    if "commit" in request.POST and form.cleaned_data["digest"] == digest:
        hand_over(member, actor=request.actor, at=request.at, **wanted)
        said = _("What %(name)s looked after is handed over.")
        messages.success(request, said % {"name": member})
        return redirect(workspace_url(request, "member-show", member.pk))
    status = 200
    if "commit" in request.POST:
        messages.error(request, _("Something changed meanwhile. Look again, then decide."))
        status = 409
    context = {
        "member": member,
        "moves": moves,
        "effect": shown_effect(effect, request.actor),
        "digest": digest,
        "carried": [(name, request.POST.get(name, "")) for name in form.fields if name != "digest"],
    }
    return page(request, "people/member_hand_over_preview.html", context, status=status)


def _wanted(form: HandOverForm) -> dict[str, Any]:
    return {
        "to": form.successors(),
        "ends_tokens": bool(form.cleaned_data.get("ends_tokens")),
    }


def _rehearsed(member: Membership, wanted: dict[str, Any], *, actor: Actor, at: datetime) -> Effect:
    return rehearse(lambda: hand_over(member, actor=actor, at=at, **wanted), at=at)


def _moves(
    owned: list[Belongings], wanted: dict[str, Any]
) -> list[tuple[Belongings, Membership | None]]:
    """Each kind with who gets it; without anybody, it ends."""
    moving: list[tuple[Belongings, Membership | None]] = [
        (one, wanted["to"][one.thing]) for one in owned if one.thing in wanted["to"]
    ]
    if wanted["ends_tokens"]:
        moving += [(one, None) for one in owned if one.thing == Thing.TOKENS]
    return moving


def _digest(moves: list[tuple[Belongings, Membership | None]], effect: Effect) -> str:
    said = [effect.digest]
    for owned, successor in moves:
        said += [f"{row.pk} {successor.pk if successor else ''}" for row in owned.rows]
    return hashlib.sha256("\n".join(said).encode()).hexdigest()[:32]
