"""One's own account: profile, devices, sign-ins. No workspace is open on these pages."""

from uuid import UUID

from django.contrib import messages
from django.contrib.auth import logout
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from accounts.models import User
from portal.people.account import change_profile, devices_of, end_devices, sign_ins_of
from portal.people.forms.account import ProfileForm
from portal.ui.needs import signed_in
from portal.ui.pages import page
from tenants.clock import now
from tenants.middleware import facts_of


def _person(request: HttpRequest) -> User:
    user = request.user
    if not isinstance(user, User):
        raise Http404
    return user


@signed_in(methods=("GET", "POST"))
def account_show(request: HttpRequest) -> HttpResponse:
    user = _person(request)
    initial = {"name": user.name, "timezone": user.timezone, "theme": user.theme}
    form = ProfileForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        change_profile(user, facts=facts_of(request), at=now(), **form.cleaned_data)
        messages.success(request, _("Your profile is saved."))
        return redirect("account-show")
    status = 422 if form.is_bound else 200
    return page(request, "people/account_show.html", {"form": form}, status=status)


@signed_in()
def device_list(request: HttpRequest) -> HttpResponse:
    user, at = _person(request), now()
    context = {
        "devices": devices_of(user, session_key=request.session.session_key or "", at=at),
        "sign_ins": sign_ins_of(user, at=at),
    }
    return page(request, "people/device_list.html", context)


@signed_in(methods=("POST",))
def device_end(request: HttpRequest, pk: UUID) -> HttpResponse:
    user, at = _person(request), now()
    devices = devices_of(user, session_key=request.session.session_key or "", at=at)
    device = next((one for one in devices if one.id == str(pk)), None)
    if device is None:
        raise Http404
    end_devices(user, {device.session_key}, facts=facts_of(request), at=at)
    messages.success(request, _("That device is signed out."))
    return redirect("device-list")


@signed_in(methods=("POST",))
def device_end_all(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere, this browser included."""
    user, at = _person(request), now()
    here = request.session.session_key or ""
    devices = devices_of(user, session_key=here, at=at)
    end_devices(user, {one.session_key for one in devices}, facts=facts_of(request), at=at)
    logout(request)
    messages.success(request, _("You are signed out everywhere."))
    return redirect("sign-in")


@signed_in(methods=("POST",))
def device_end_others(request: HttpRequest) -> HttpResponse:
    user, at = _person(request), now()
    devices = devices_of(user, session_key=request.session.session_key or "", at=at)
    others = {one.session_key for one in devices if not one.is_this}
    end_devices(user, others, facts=facts_of(request), at=at)
    messages.success(request, _("All other devices are signed out."))
    return redirect("device-list")
