"""Declares at the head of a view who may open it, and turns a refusal into an answer."""

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from inspect import Parameter, signature
from typing import Any, Concatenate

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.urls import reverse

from audit.refusals import Refusal
from portal.ui.refusing import refused
from portal.ui.requests import PortalRequest
from tenants.access import record_refusal
from tenants.permissions import Permission

View = Callable[Concatenate[PortalRequest, ...], HttpResponse]
Declared = Callable[..., HttpResponse]
RefusalTo = str | Callable[[PortalRequest], str] | None


def needs(
    permission: Permission | None,
    *,
    step_up: bool = False,
    methods: Sequence[str] = ("GET",),
    refusal_to: RefusalTo = None,
) -> Callable[[View], Declared]:
    """A view of a workspace or of the console; `None` lets in any member.

    `refusal_to` is the page to return to when a posted form is refused: a URL name that takes
    the same arguments as this view, or a function of the request.
    """

    def decorate(view: View) -> Declared:
        named = signature(view).parameters

        @wraps(view)
        def guarded(request: PortalRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method not in _with_head(methods):
                return HttpResponseNotAllowed(methods)
            stopped = _stopped(request, view, permission=permission, step_up=step_up)
            if stopped is not None:
                return stopped
            try:
                return view(request, *args, **_wanted(kwargs, named))
            except Refusal as refusal:
                return refused(request, refusal, back=_way_back(request, refusal_to))

        return _declare(
            guarded,
            permission=permission,
            step_up=step_up,
            methods=methods,
            refusal_to=refusal_to,
        )

    return decorate


def _wanted(kwargs: dict[str, Any], named: Mapping[str, Parameter]) -> dict[str, Any]:
    """The view's own arguments: the middleware has turned the slug into the organization."""
    return {name: value for name, value in kwargs.items() if name != "slug" or name in named}


def _stopped(
    request: PortalRequest, view: View, *, permission: Permission | None, step_up: bool
) -> HttpResponse | None:
    """The answer to whom the page is not meant for; forms too get it, with no way back."""
    try:
        if permission is not None:
            request.actor.require(permission)
        if step_up:
            request.actor.require_step_up(at=request.at)
    except Refusal as refusal:
        record_refusal(refusal, actor=request.actor, verb=view.__name__)
        return refused(request, refusal)
    return None


def signed_in(*, methods: Sequence[str] = ("GET",)) -> Callable[[Declared], Declared]:
    """A page of the person, outside any workspace."""

    def decorate(view: Declared) -> Declared:
        guarded = _guarded(view, methods)
        return _declare(guarded, signed_in=True, methods=methods)

    return decorate


def open_to_all(
    *, reason: str, methods: Sequence[str] = ("GET",)
) -> Callable[[Declared], Declared]:
    """A page that needs no sign-in, and why."""

    def decorate(view: Declared) -> Declared:
        guarded = _guarded(view, methods)
        return _declare(login_not_required(guarded), open_reason=reason, methods=methods)

    return decorate


def _guarded(view: Declared, methods: Sequence[str]) -> Declared:
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method not in _with_head(methods):
            return HttpResponseNotAllowed(methods)
        try:
            return view(request, *args, **kwargs)
        except Refusal as refusal:
            return refused(request, refusal)

    return guarded


def _declare(view: Declared, **facts: object) -> Declared:
    for name, fact in facts.items():
        setattr(view, name, fact)
    return view


def _with_head(methods: Sequence[str]) -> tuple[str, ...]:
    return (*methods, "HEAD") if "GET" in methods else tuple(methods)


def _way_back(request: PortalRequest, refusal_to: RefusalTo) -> str | None:
    if refusal_to is None or request.method != "POST":
        return None
    if callable(refusal_to):
        return refusal_to(request)
    match = request.resolver_match
    return reverse(refusal_to, args=match.args, kwargs=match.kwargs) if match else None
