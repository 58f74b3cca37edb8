"""The one thing the frame itself does: remember the chosen theme."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from accounts.models import User
from audit.refusals import Malformed
from portal.ui.needs import open_to_all
from portal.ui.shell import THEMES

YEAR = 365 * 24 * 3600


@open_to_all(reason="Light or dark can be chosen on the sign-in page too.", methods=("POST",))
def theme_set(request: HttpRequest) -> HttpResponse:
    """Keep the theme on the person when signed in, and in a cookie for the sign-in pages."""
    theme = request.POST.get("theme", "")
    if theme not in THEMES:
        raise Malformed(_("Choose system, light or dark."))
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(theme=theme)
    goal = request.POST.get("next", "/")
    # Only a path: Django's `redirect` takes a bare word for the name of a view.
    if not goal.startswith("/") or not url_has_allowed_host_and_scheme(goal, allowed_hosts=None):
        goal = "/"
    response = redirect(goal)
    response.set_cookie(
        "theme", theme, max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure()
    )
    return response
