"""The break-glass page: works while single sign-on is enforced, broken, or both."""

from datetime import datetime

from allauth.account.internal.flows.logout import logout
from django.contrib import messages
from django.contrib.auth import login
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.models import User, normalized
from audit.names import EventName
from portal.sso.accounts_log import record_for_person
from portal.sso.actions.emergency import DoorNotSealed, open_door, prove_door
from portal.sso.emergency import Recognised, recognise
from portal.sso.emergency_forms import BreakGlassForm
from portal.sso.entering import end_entries, session_key_of
from portal.sso.models import SealedDoor
from portal.sso.views.limits import require_limit
from portal.ui.needs import open_to_all
from portal.ui.pages import page
from tenants.clock import now
from tenants.middleware import facts_of
from tenants.resolving import actor_for_member
from tenants.scoping import organization_scope

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@open_to_all(reason="Owners come in here when single sign-on is broken.", methods=("GET", "POST"))
@never_cache
def break_glass_open(request: HttpRequest) -> HttpResponse:
    """The same page, the same work and the same answer for everybody whose keys do not fit."""
    form = BreakGlassForm(request.POST if request.method == "POST" else None)
    if request.method == "POST":
        require_limit(request, "break_glass")
        if form.is_valid():
            return _tried(request, form, at=now())
    status = 422 if form.is_bound else 200
    return page(request, "sso/break_glass_open.html", {"form": form}, status=status)


def _tried(request: HttpRequest, form: BreakGlassForm, *, at: datetime) -> HttpResponse:
    keys, before = form.keys(), request.user
    recognised = recognise(keys)
    if recognised is not None:
        try:
            return _through(request, recognised, at=at)
        except DoorNotSealed:
            if request.user != before:
                logout(request, show_message=False)
    _record_refused(request, keys.email)
    form.add_error(
        None,
        _(
            "This does not open anything. Check all four. A code from an app counts once: if you "
            "have just used it, wait for the next one."
        ),
    )
    return page(request, "sso/break_glass_open.html", {"form": form}, status=422)


def _through(request: HttpRequest, found: Recognised, *, at: datetime) -> HttpResponse:
    """Prove a new code, or open with a proven one; which of them is for the door to say."""
    with organization_scope(found.organization_id):
        door = (
            SealedDoor.objects.select_related("membership__organization")
            .filter(pk=found.door_id)
            .first()
        )
        if door is None:
            raise DoorNotSealed(_("This code does not open anything."))
        if door.status == SealedDoor.Status.MADE:
            return _prove(request, found, door, at=at)
        return _open(request, found, door, at=at)


def _prove(
    request: HttpRequest, found: Recognised, door: SealedDoor, *, at: datetime
) -> HttpResponse:
    actor = actor_for_member(door.membership, facts=facts_of(request))
    prove_door(door, actor=actor, at=at, digest=found.digest)
    messages.success(request, _("It opens. Your break-glass code is sealed: keep it offline."))
    return _to_workspace(door) if request.user == found.user else redirect("sign-in")


def _open(
    request: HttpRequest, found: Recognised, door: SealedDoor, *, at: datetime
) -> HttpResponse:
    with transaction.atomic():
        if isinstance(request.user, User) and request.user != found.user:
            end_entries(request, at=at, because="somebody else signed in")
        if request.user != found.user:
            login(request, found.user, backend=BACKEND)
        open_door(
            door,
            actor=actor_for_member(door.membership, facts=facts_of(request)),
            at=at,
            digest=found.digest,
            session_key=session_key_of(request),
            device=request.headers.get("User-Agent", ""),
        )
    messages.warning(
        request,
        _("You are in for one hour, and every owner and admin was told. The code is used up."),
    )
    return _to_workspace(door)


def _to_workspace(door: SealedDoor) -> HttpResponse:
    return redirect("break-glass-show", door.membership.organization.slug)


def _record_refused(request: HttpRequest, email: str) -> None:
    """Known to the person's organizations, never to the one who tries."""
    user = User.objects.filter(email=normalized(email)).first()
    with transaction.atomic():
        record_for_person(
            request,
            EventName.SIGN_IN_REFUSED,
            user=user,
            outcome="refused",
            reason="wrong break-glass keys",
        )
