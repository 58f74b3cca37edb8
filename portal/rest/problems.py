"""RFC 9457 problem details: the one shape in which the API declines."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

MEDIA_TYPE = "application/problem+json"

# Status -> (default code, title). The reference page explains each code under its own anchor.
KINDS: Mapping[int, tuple[str, Any]] = {
    400: ("malformed", _("The call cannot be read")),
    401: ("unauthenticated", _("A valid token is needed")),
    403: ("not-permitted", _("The token may not do this")),
    404: ("not-found", _("There is nothing here")),
    405: ("method-not-allowed", _("This address does not take that method")),
    406: ("not-acceptable", _("Only JSON is spoken here")),
    409: ("conflict", _("Not possible in the present state")),
    412: ("stale-version", _("The object has changed since it was read")),
    413: ("body-too-large", _("The body is too large")),
    415: ("unsupported-media-type", _("This kind of body is not read here")),
    422: ("invalid", _("Some fields do not hold")),
    428: ("version-missing", _("The version to change must be named")),
    429: ("too-many", _("Too many calls")),
    500: ("internal", _("Something went wrong on our side")),
    503: ("unavailable", _("Not available at this moment")),
}


@dataclass(frozen=True)
class Problem:
    status: int
    detail: str
    code: str = ""
    errors: list[dict[str, str]] = field(default_factory=list)

    def body(self, request: HttpRequest) -> dict[str, Any]:
        code, title = KINDS.get(self.status, KINDS[self.status // 100 * 100])
        said: dict[str, Any] = {
            "type": f"{settings.BASE_URL}/api/v1/#problem-{self.status}",
            "title": str(title),
            "status": self.status,
            "code": self.code or code,
            "detail": str(self.detail),
            "instance": request.path,
        }
        if request_id := getattr(request, "request_id", ""):
            said["request_id"] = str(request_id)
        if self.errors:
            said["errors"] = self.errors
        return said


def body_errors(errors: Any, path: tuple[str, ...] = ()) -> list[dict[str, str]]:
    """Flatten nested serializer errors into details with a JSON pointer each."""
    if isinstance(errors, Mapping):
        return [
            found
            for name, said in errors.items()
            for found in body_errors(said, _longer(path, str(name)))
        ]
    if isinstance(errors, list | tuple):
        return [
            found
            for place, said in enumerate(errors)
            for found in body_errors(said, (*path, str(place)) if _is_nested(said) else path)
        ]
    return [{"detail": str(errors), "pointer": "#" + "".join(f"/{_escape(p)}" for p in path)}]


def parameter_errors(errors: Mapping[str, Any]) -> list[dict[str, str]]:
    return [
        {"detail": found["detail"], "parameter": str(name)}
        for name, said in errors.items()
        for found in body_errors(said)
    ]


def _longer(path: tuple[str, ...], name: str) -> tuple[str, ...]:
    return path if name in {"non_field_errors", "body"} else (*path, *name.split("."))


def _is_nested(said: Any) -> bool:
    return isinstance(said, Mapping | list)


def _escape(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1")
