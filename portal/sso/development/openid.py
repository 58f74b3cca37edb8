"""The demo's OpenID providers: discovery, keys, a page to choose an employee, and tokens."""

import base64
import binascii
from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import unquote_plus

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect
from django.utils.crypto import constant_time_compare
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt

from audit.refusals import Malformed
from portal.sso.development.keys import signing_key
from portal.sso.development.realms import CLIENT_ID, CLIENT_SECRET, MICROSOFT, Realm, find_realm
from portal.sso.development.tokens import (
    CodeWrong,
    Grant,
    id_token,
    make_code,
    public_key,
    redeem,
)
from portal.sso.development.views import REASON, require_demo
from portal.ui.needs import open_to_all
from portal.ui.pages import page
from tenants.clock import now

_ASKED = ("state", "nonce", "code_challenge", "redirect_uri")
RealmView = Callable[[HttpRequest, Realm], HttpResponse]


def at_realm(view: RealmView) -> Callable[..., HttpResponse]:
    """In the demo only, and only where there is a provider."""

    @wraps(view)
    def run(request: HttpRequest, path: str) -> HttpResponse:
        require_demo()
        realm = find_realm(path)
        if realm is None:
            raise Http404
        return view(request, realm)

    return run


@open_to_all(reason=REASON)
@at_realm
def discovery(_request: HttpRequest, realm: Realm) -> HttpResponse:
    return JsonResponse(
        {
            "issuer": realm.issuer,
            "authorization_endpoint": realm.address("authorize"),
            "token_endpoint": realm.address("token"),
            "jwks_uri": realm.address("keys"),
            "response_types_supported": ["code"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "code_challenge_methods_supported": ["S256"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "authorization_response_iss_parameter_supported": True,
        }
    )


@open_to_all(reason=REASON)
@at_realm
def keys(_request: HttpRequest, realm: Realm) -> HttpResponse:
    return JsonResponse({"keys": [public_key(signing_key(realm.key_name))]})


@open_to_all(reason=REASON, methods=("GET", "POST"))
@at_realm
def authorize(request: HttpRequest, realm: Realm) -> HttpResponse:
    """Show who can be signed in; on a choice, send the browser back with a code."""
    asked = _asked(request)
    if request.method == "POST":
        grant = Grant(
            realm=realm.path,
            redirect_uri=asked["redirect_uri"],
            nonce=asked["nonce"],
            challenge=asked["code_challenge"],
            employee=request.POST.get("employee", ""),
            how=request.POST.get("how", "honest"),
            auth_time=int(now().timestamp()),
        )
        answer = {"code": make_code(grant), "state": asked["state"], "iss": realm.issuer}
        return redirect(f"{asked['redirect_uri']}?{urlencode(answer)}")
    context = {
        "realm": realm,
        "employees": realm.employees,
        "force": request.GET.get("prompt") == "login",
    }
    return page(request, "sso/development/openid.html", context)


def _asked(request: HttpRequest) -> dict[str, str]:
    """The request of Gatehouse. Raises Malformed for anything else."""
    values = {name: request.GET.get(name, "") for name in _ASKED}
    is_ours = (
        all(values.values())
        and request.GET.get("client_id") == CLIENT_ID
        and request.GET.get("response_type") == "code"
        and request.GET.get("code_challenge_method") == "S256"
        and "openid" in request.GET.get("scope", "").split()
        and values["redirect_uri"].startswith(f"{settings.BASE_URL}/sso/")
    )
    if not is_ours:
        raise Malformed("This is no sign-in request of Gatehouse. Start from the sign-in page.")
    return values


@open_to_all(reason=REASON)
def consent(request: HttpRequest, tenant_id: str) -> HttpResponse:
    """An admin of the directory lets Gatehouse in at once; Microsoft would ask first."""
    require_demo()
    back = request.GET.get("redirect_uri", "")
    realm = find_realm(f"{MICROSOFT}/{tenant_id}/v2.0")
    if realm is None or not back.startswith(f"{settings.BASE_URL}/sso/"):
        raise Malformed("This is no request of Gatehouse for an admin's consent.")
    said = {"admin_consent": "True", "tenant": tenant_id, "state": request.GET.get("state", "")}
    return redirect(f"{back}?{urlencode(said)}")


@csrf_exempt
@open_to_all(reason=REASON, methods=("POST",))
@at_realm
def token(request: HttpRequest, realm: Realm) -> HttpResponse:
    """Redeem a code for an ID token; the client must know its secret and the verifier."""
    if not _is_client(request):
        return JsonResponse({"error": "invalid_client"}, status=401)
    try:
        grant = redeem(
            request.POST.get("code", ""),
            realm=realm.path,
            redirect_uri=request.POST.get("redirect_uri", ""),
            verifier=request.POST.get("code_verifier", ""),
        )
    except CodeWrong as wrong:
        return JsonResponse({"error": "invalid_grant", "error_description": str(wrong)}, status=400)
    return JsonResponse(
        {
            "access_token": "nothing-to-ask-with-it",
            "token_type": "Bearer",
            "expires_in": 60,
            "id_token": _id_token(realm, grant),
        }
    )


def _is_client(request: HttpRequest) -> bool:
    client_id, secret = request.POST.get("client_id", ""), request.POST.get("client_secret", "")
    scheme, _sep, encoded = request.headers.get("Authorization", "").partition(" ")
    if scheme == "Basic":
        try:
            pair = base64.b64decode(encoded, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError):
            return False
        client_id, secret = (unquote_plus(half) for half in pair.partition(":")[::2])
    return client_id == CLIENT_ID and constant_time_compare(secret, CLIENT_SECRET)


def _id_token(realm: Realm, grant: Grant) -> str:
    """`honest` unless the page was asked to show a refusal."""
    employee = realm.employee(grant.employee) or realm.employees[0]
    claims: dict[str, Any] = {
        "iss": realm.issuer,
        "aud": CLIENT_ID,
        "nonce": grant.nonce,
        "auth_time": grant.auth_time,
        **realm.claims(employee),
    }
    if grant.how == "private":
        claims |= {"email_verified": False, "tid": _CONSUMERS}
        claims.pop("hd", None)
    made = id_token(claims, signing_key(realm.key_name), at=now())
    # A wrong last byte of the claims: what a meddler would leave behind.
    return made.replace(".", ".e", 1) if grant.how == "changed" else made


_CONSUMERS = "9188040d-6c67-4c5b-b112-36a304b66dad"
