"""An OpenID provider made of Authlib, on loopback with TLS, with switches for all that goes wrong.

Each path is an issuer of its own: Google, a Microsoft directory, and anybody else's.
"""

import http.server
import json
import secrets
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote_plus, urlsplit

from authlib.oauth2 import OAuth2Request
from authlib.oauth2.rfc6749 import AuthorizationServer, ClientMixin, grants
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from authlib.oauth2.rfc6750 import BearerTokenGenerator
from authlib.oauth2.rfc7636 import CodeChallenge
from authlib.oauth2.rfc9207 import IssuerParameter
from authlib.oidc.core import UserInfo
from authlib.oidc.core.grants import OpenIDCode
from django.conf import settings
from joserfc.jwk import ECKey, RSAKey

from portal.outbound.client import Client
from tests.portal.outbound.test_client import certificate

NAME = "op.test"
SECRET = "a client secret: with a colon & more"
# In `Issuer.says`: the claim is left out.
LEFT_OUT = object()
WELL_KNOWN = "/.well-known/openid-configuration"


@cache
def key_named(kid: str, *, kind: str = "RSA", size: Any = 2048) -> Any:
    maker = RSAKey if kind == "RSA" else ECKey
    return maker.generate_key(size, parameters={"kid": kid}, private=True)


@dataclass
class Issuer:
    """One provider: who signs in there, and how it misbehaves."""

    address: str
    client_id: str = "gatehouse"
    says: dict[str, Any] = field(default_factory=dict)
    also_published: list[Any] = field(default_factory=list)
    key: Any = None
    algorithm: str = "RS256"
    publishes_key: bool = True
    names_itself: bool = True
    # Changes the finished ID token, and the discovery document.
    meddle: Callable[[str], str] = str
    describe: dict[str, Any] = field(default_factory=dict)
    # Instead of an answer at a path: "down", "slow", "huge", "moved", "text", "list".
    trouble: dict[str, str] = field(default_factory=dict)
    thin: bool = False
    asked: list[str] = field(default_factory=list)
    codes: dict[str, "Code"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.key = self.key or key_named("first")

    def person(self) -> dict[str, Any]:
        return {name: value for name, value in self.says.items() if value is not LEFT_OUT}

    def document(self) -> dict[str, Any]:
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "userinfo_endpoint": f"{self.address}/userinfo",
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "authorization_response_iss_parameter_supported": self.names_itself,
            **self.describe,
        }

    def key_set(self) -> dict[str, Any]:
        keys = [*([self.key] if self.publishes_key else []), *self.also_published]
        return {"keys": [{**k.as_dict(private=False), "use": "sig"} for k in keys]}


@dataclass
class Code:
    code: str
    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    code_challenge: str
    code_challenge_method: str
    auth_time: int

    def get_redirect_uri(self) -> str:
        return self.redirect_uri

    def get_scope(self) -> str:
        return self.scope

    def get_nonce(self) -> str | None:
        return self.nonce

    def get_auth_time(self) -> int:
        return self.auth_time

    def get_acr(self) -> None:
        return None

    def get_amr(self) -> None:
        return None


class Relying(ClientMixin):  # type: ignore[misc]
    """Gatehouse, as it is registered at an issuer."""

    def __init__(self, client_id: str) -> None:
        self.client_id = client_id

    def get_client_id(self) -> str:
        return self.client_id

    def get_allowed_scope(self, scope: str) -> str:
        return scope

    def check_redirect_uri(self, redirect_uri: str) -> bool:
        return redirect_uri.startswith(f"{settings.BASE_URL}/sso/")

    def check_client_secret(self, client_secret: str) -> bool:
        # Authlib leaves it to us to decode the Authorization header as RFC 6749 says.
        return SECRET in (client_secret, unquote_plus(client_secret))

    def check_endpoint_auth_method(self, method: str, endpoint: str) -> bool:
        return method in ("client_secret_basic", "client_secret_post")

    def check_response_type(self, response_type: str) -> bool:
        return response_type == "code"

    def check_grant_type(self, grant_type: str) -> bool:
        return grant_type == "authorization_code"


@dataclass
class Reply:
    """What Authlib's extensions expect of a response."""

    status: int
    body: Any
    headers: dict[str, str]

    @property
    def location(self) -> str | None:
        return self.headers.get("Location")

    @location.setter
    def location(self, value: str) -> None:
        self.headers["Location"] = value


class Asked(OAuth2Request):  # type: ignore[misc]
    """A request as Authlib wants to read it."""

    query: dict[str, str]
    posted: dict[str, str]

    @property
    def args(self) -> dict[str, str]:
        return self.query

    @property
    def form(self) -> dict[str, str]:
        return self.posted


class CodeGrant(grants.AuthorizationCodeGrant):  # type: ignore[misc]
    def save_authorization_code(self, code: str, request: OAuth2Request) -> None:
        sent = request.payload.data
        self.server.issuer.codes[code] = Code(
            code=code,
            client_id=request.client.client_id,
            redirect_uri=sent["redirect_uri"],
            scope=sent["scope"],
            nonce=sent.get("nonce"),
            code_challenge=sent["code_challenge"],
            code_challenge_method=sent["code_challenge_method"],
            auth_time=int(time.time()),
        )

    def query_authorization_code(self, code: str, client: Relying) -> Code | None:
        found: Code | None = self.server.issuer.codes.get(code)
        return found if found and found.client_id == client.client_id else None

    def delete_authorization_code(self, authorization_code: Code) -> None:
        del self.server.issuer.codes[authorization_code.code]

    def authenticate_user(self, authorization_code: Code) -> str:
        return "the person"


class IdTokens(OpenIDCode):  # type: ignore[misc]
    def __init__(self, issuer: Issuer) -> None:
        super().__init__(require_nonce=True)
        self.issuer = issuer

    def exists_nonce(self, nonce: str, request: OAuth2Request) -> bool:
        return any(code.nonce == nonce for code in self.issuer.codes.values())

    def resolve_client_private_key(self, client: Relying) -> Any:
        return self.issuer.key

    def get_client_algorithm(self, client: Relying) -> str:
        return self.issuer.algorithm

    def get_encode_header(self, client: Relying) -> dict[str, str]:
        return {"alg": self.issuer.algorithm, "kid": self.issuer.key.kid}

    def get_client_claims(self, client: Relying) -> dict[str, Any]:
        return {"iss": self.issuer.address, "aud": client.client_id}

    def generate_user_info(self, user: str, scope: str) -> UserInfo:
        person = self.issuer.person()
        return UserInfo({"sub": person["sub"]} if self.issuer.thin else person)

    def encode_id_token(self, token: dict[str, Any], request: OAuth2Request) -> str:
        encoded: str = super().encode_id_token(token, request)
        return self.issuer.meddle(encoded)


class ItsIssuer(IssuerParameter):  # type: ignore[misc]
    def __init__(self, issuer: Issuer) -> None:
        self.issuer = issuer

    def get_issuer(self) -> str | None:
        return self.issuer.address if self.issuer.names_itself else None


class Server(AuthorizationServer):  # type: ignore[misc]
    """Authlib's authorization server, speaking in plain tuples."""

    def __init__(self, issuer: Issuer) -> None:
        super().__init__()
        self.issuer = issuer
        self.register_token_generator(
            "default", BearerTokenGenerator(lambda **_: secrets.token_urlsafe(24))
        )
        self.register_grant(CodeGrant, [CodeChallenge(required=True), IdTokens(issuer)])
        self.register_extension(ItsIssuer(issuer))

    def query_client(self, client_id: str) -> Relying | None:
        return Relying(client_id) if client_id == self.issuer.client_id else None

    def save_token(self, token: Mapping[str, Any], request: OAuth2Request) -> None:
        return

    def send_signal(self, name: str, *args: Any, **kwargs: Any) -> None:
        return

    def create_oauth2_request(self, request: OAuth2Request) -> OAuth2Request:
        return request

    def handle_response(self, status: int, body: Any, headers: Any) -> Reply:
        return Reply(status, body, dict(headers))


class Handler(http.server.BaseHTTPRequestHandler):
    issuers: dict[str, Issuer]
    origin: str

    def do_GET(self) -> None:
        self._answer({})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self._answer(dict(parse_qsl(body, keep_blank_values=True)))

    def _answer(self, form: dict[str, str]) -> None:
        path = urlsplit(self.path).path
        prefix, what = next(
            (prefix, path.removeprefix(prefix))
            for prefix in sorted(self.issuers, key=len, reverse=True)
            if path.startswith(prefix)
        )
        issuer = self.issuers[prefix]
        issuer.asked.append(what)
        if what in issuer.trouble:
            self._misbehave(issuer.trouble[what])
            return
        self._send(self._reply(issuer, what, form))

    def _reply(self, issuer: Issuer, what: str, form: dict[str, str]) -> Reply:
        if what == WELL_KNOWN:
            return Reply(200, issuer.document(), {})
        if what == "/jwks":
            return Reply(200, issuer.key_set(), {})
        if what == "/userinfo":
            return Reply(200, issuer.person(), {})
        request = Asked(self.command, self.origin + self.path, headers=self.headers)
        request.query, request.posted = dict(parse_qsl(urlsplit(self.path).query)), form
        request.payload = BasicOAuth2Payload({**request.query, **form})
        server = Server(issuer)
        if what == "/authorize":
            grant = server.get_consent_grant(request, "the person")
            return server.create_authorization_response(request, "the person", grant=grant)
        return server.create_token_response(request)

    def _misbehave(self, how: str) -> None:
        if how == "slow":
            time.sleep(1.5)
        body = {"huge": b'{"a": "' + b"x" * 600_000 + b'"}', "text": b"<html>", "list": b"[]"}
        self.send_response({"down": 503, "moved": 302}.get(how, 200))
        if how == "moved":
            self.send_header("Location", "https://127.0.0.1/latest/meta-data/")
        self.end_headers()
        self._write(body.get(how, b"{}"))

    def _send(self, reply: Reply) -> None:
        body = json.dumps(reply.body) if isinstance(reply.body, dict) else str(reply.body or "")
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self._write(body.encode())

    def _write(self, body: bytes) -> None:
        try:
            self.wfile.write(body)
        except OSError:
            return  # the other side had enough

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        return


class OpenIDProvider:
    """The running provider; stop it with `close`."""

    def __init__(self, folder: Path) -> None:
        self.issuers: dict[str, Issuer] = {}
        handler = type("BoundHandler", (Handler,), {"issuers": self.issuers})
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        pem = certificate(folder, NAME)
        context.load_cert_chain(pem)
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.origin = handler.origin = f"https://{NAME}:{self.port}"
        self.client = Client(
            resolve=lambda _host, _port: [ip_address("127.0.0.1")],
            may_connect=lambda _address: True,
            ports=frozenset({self.port}),
            trust=ssl.create_default_context(cafile=str(pem)),
        )
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}
        )
        self._thread.start()

    def issuer(self, path: str, **says: Any) -> Issuer:
        """The provider at a path, made when it is first named."""
        if path not in self.issuers:
            self.issuers[path] = Issuer(self.origin + path)
        self.issuers[path].says.update(says)
        return self.issuers[path]

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
