"""The two steps of a form that changes access: shown first, done when it still holds."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse

from portal.access.effects import Effect, rehearse
from portal.access.showing import shown_effect
from portal.ui.pages import page
from portal.ui.requests import PortalRequest

FIELD = "effect"
TEMPLATE = "access/effect_confirm.html"
_OURS = frozenset({FIELD, "csrfmiddlewaretoken"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the page says around the effect; `back` is where Cancel leads."""

    title: str
    button: str
    back: str
    text: str = ""
    is_grave: bool = False
    # Pairs of a heading and lines under it: what else changes, such as an editor's diff.
    also: tuple[tuple[str, tuple[str, ...]], ...] = ()


def previewed(
    request: PortalRequest, asked: Asked, *, change: Callable[[], Any]
) -> HttpResponse | None:
    """The page that shows what `change` would do, or None once that very effect was confirmed.

    In a view: `if (seen := previewed(...)) is not None: return seen`, and then the change. The
    posted fields are carried along. What refuses the change refuses its preview.
    """
    effect = rehearse(change, at=request.at)
    given = request.POST.get(FIELD, "")
    if given and given == effect.digest:
        return None
    return confirmation(request, asked, effect=effect, is_overtaken=bool(given))


def confirmation(
    request: PortalRequest, asked: Asked, *, effect: Effect, is_overtaken: bool = False
) -> HttpResponse:
    context: Mapping[str, Any] = {
        "asked": asked,
        "effect": shown_effect(effect, request.actor),
        "carried": carried(request),
        "is_overtaken": is_overtaken,
    }
    return page(request, TEMPLATE, context, status=409 if is_overtaken else 200)


def carried(request: PortalRequest) -> list[tuple[str, str]]:
    """Everything that was posted, to be asked again word for word."""
    return [
        (name, value)
        for name, values in request.POST.lists()
        if name not in _OURS
        for value in values
    ]
