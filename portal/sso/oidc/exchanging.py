"""Turns the code that a browser brought back into what the provider says about the person."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote_plus

from portal.sso.oidc.applications import Application
from portal.sso.oidc.discovery import ProviderMetadata, said
from portal.sso.oidc.fetching import get_json, post_form
from portal.sso.refusals import Reason, SignInRefused

_OK = 200


@dataclass(frozen=True, slots=True)
class Tokens:
    """Kept for as long as one request needs them, and never stored."""

    id_token: object
    access_token: str


def redeem_code(
    provider: ProviderMetadata, application: Application, *, code: str, verifier: str
) -> Tokens:
    """Raises SignInRefused."""
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": application.redirect_uri,
        "code_verifier": verifier,
    }
    headers: Mapping[str, str] = {}
    if provider.secret_in_form:
        form |= {"client_id": application.client_id, "client_secret": application.secret}
    else:
        headers = {"Authorization": f"Basic {_basic(application)}"}
    status, answer = post_form(provider.token_endpoint, form, headers)
    if status != _OK:
        raise SignInRefused(
            Reason.NOT_SUCCESS, expected="tokens for the code", received=_error(answer)
        )
    access_token = answer.get("access_token")
    return Tokens(
        id_token=answer.get("id_token"),
        access_token=access_token if isinstance(access_token, str) else "",
    )


def _basic(application: Application) -> str:
    """Both halves are form-encoded first, as RFC 6749 section 2.3.1 says."""
    pair = f"{quote_plus(application.client_id)}:{quote_plus(application.secret)}"
    return base64.b64encode(pair.encode()).decode("ascii")


def _error(answer: Mapping[str, Any]) -> str:
    """The provider's own words, which its admin knows; they hold no secret of ours."""
    return f"{said(answer.get('error'))} {said(answer.get('error_description') or '')}".strip()


def ask_about(provider: ProviderMetadata, tokens: Tokens, *, subject: object) -> dict[str, Any]:
    """What the userinfo address adds about the subject of the ID token. Raises SignInRefused."""
    about = get_json(provider.userinfo_endpoint, token=tokens.access_token)
    if about.get("sub") != subject:
        raise SignInRefused(
            Reason.WRONG_ANSWER, expected="userinfo of the same person", received="another sub"
        )
    return about
