"""Second factors of a person: what setting one up opens, and which one must not be the last."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _

from accounts.models import User
from audit.refusals import Refusal
from portal.sso.entering import open_workspaces, person
from tenants.clock import now
from tenants.models import Policy
from tenants.resolving import workspaces_of
from tenants.scoping import organization_scope

MountedView = Callable[..., HttpResponseBase]
Found = Callable[..., Authenticator | None]
# What asks for something at each sign-in; recovery codes stand in for it, a few times.
FACTORS = (Authenticator.Type.TOTP, Authenticator.Type.WEBAUTHN)


class LastFactor(Refusal):
    code = "last-factor"


def factors_of(user: User) -> list[Authenticator]:
    return list(Authenticator.objects.filter(user_id=user.pk, type__in=FACTORS))


def setting_up(view: MountedView) -> MountedView:
    """A first second factor, set up right after the password, opens the workspaces that ask."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        had_one = bool(factors_of(person(request)))
        response = view(request, *args, **kwargs)
        found = [] if had_one else factors_of(person(request))
        # The view also sends away whom it first asks for the password again: that proves nothing.
        if found:
            record_authentication(request, person(request), method="mfa", type=found[0].type)
            open_workspaces(request, at=now())
        return response

    return run


def keeping_a_factor(view: MountedView, find: Found) -> MountedView:
    """Refuse to remove the last second factor while a workspace of the person's asks for one."""

    @wraps(view)
    def run(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = person(request)
        going = find(request, **kwargs)
        if going is not None and len(factors_of(user)) == 1:
            asking = workspace_that_asks(user)
            if asking:
                raise LastFactor(
                    _(
                        "%(workspace)s asks for a second factor, and this is your only one."
                        " Set up another one first, then remove this."
                    )
                    % {"workspace": asking}
                )
        return view(request, *args, **kwargs)

    return run


def workspace_that_asks(user: User) -> str:
    """The name of a workspace whose policy demands a second factor of this person, or nothing."""
    for member in workspaces_of(user.pk, at=now()):
        with organization_scope(member.organization_id):
            if Policy.objects.get().mfa_required:
                return member.organization.name
    return ""
