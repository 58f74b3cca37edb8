"""Which call does what: users, groups, and what the service says about itself."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from audit.refusals import NotFound
from portal.directory.logging import Call
from portal.directory.scim import documents
from portal.directory.scim.errors import ScimError, error_body
from portal.directory.scim.shaping import base_url


@dataclass(frozen=True)
class Answer:
    """Status, body and headers; the view makes a response of them."""

    status: int = 200
    body: dict[str, Any] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def failure(
        cls, status: int, detail: str, *, kind: str = "", headers: Mapping[str, str] | None = None
    ) -> "Answer":
        return cls(status, error_body(status, detail, kind), headers or {})


class NotHere(NotFound):
    """No such resource, or one of somebody else: the answer is the same."""

    def __init__(self) -> None:
        super().__init__("There is no such resource here.")


def serve(call: Call) -> Answer:
    """Raises Refusal."""
    kind, _slash, rest = call.path.partition("/")
    handler = _HANDLERS.get(kind.lower())
    if handler is None:
        raise NotHere
    return handler(call, rest)


def identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as wrong:
        raise NotHere from wrong


def allow(call: Call, *methods: str) -> None:
    if call.method not in methods:
        raise ScimError(405, f"Only {', '.join(methods)} here.")


def _config(call: Call, rest: str) -> Answer:
    allow(call, "GET")
    if rest:
        raise NotHere
    return Answer(body=documents.service_provider_config(base_url()))


def _listed(make: Callable[[str], list[dict[str, Any]]]) -> Callable[[Call, str], Answer]:
    def handler(call: Call, rest: str) -> Answer:
        allow(call, "GET")
        if "filter" in call.query:
            raise ScimError(403, "Discovery documents are not filtered.")
        found = make(base_url())
        if not rest:
            return Answer(body=documents.list_of(found, total=len(found)))
        one = next((d for d in found if d["id"].lower() == rest.lower()), None)
        if one is None:
            raise NotHere
        return Answer(body=one)

    return handler


def _me(_call: Call, _rest: str) -> Answer:
    raise ScimError(501, "A directory token stands for no person: /Me is not supported.")


def _bulk(_call: Call, _rest: str) -> Answer:
    raise ScimError(501, "Bulk operations are not supported. Send each change by itself.")


def _search(_call: Call, _rest: str) -> Answer:
    raise ScimError(501, "Search one kind at a time: POST /Users/.search or /Groups/.search.")


_HANDLERS: dict[str, Callable[[Call, str], Answer]] = {
    "serviceproviderconfig": _config,
    "resourcetypes": _listed(documents.resource_types),
    "schemas": _listed(documents.schemas),
    "me": _me,
    "bulk": _bulk,
    ".search": _search,
}


def register(kind: str, handler: Callable[[Call, str], Answer]) -> None:
    _HANDLERS[kind] = handler
