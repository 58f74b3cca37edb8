"""The log of calls: what was asked, masked, and what became of it."""

import json
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from uuid import UUID

from audit.identifiers import new_id
from portal.directory.models import DirectoryCall, DirectoryGroup, DirectoryToken, DirectoryUser
from portal.directory.rules import Outcome
from tenants.access import Actor

if TYPE_CHECKING:
    from portal.directory.serving import Answer

LONGEST_BODY = 4000
MOST_ITEMS = 5
LONGEST_PLAIN = 200
# Names whose values tell what a call does and nothing about a person.
PLAIN = frozenset({"schemas", "op", "path", "active", "type", "primary", "operations"})
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"?')


@dataclass
class Call:
    """One call on its way: who asks, what, and what was found out about it."""

    actor: Actor
    token: DirectoryToken
    at: datetime
    method: str
    path: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    read: Callable[[], Any] = dict
    parsed: Any = None
    match: str = ""
    none_match: str = ""
    user: DirectoryUser | None = None
    group: DirectoryGroup | None = None
    outcome: Outcome = Outcome.DONE
    filed: str = ""
    id: UUID = field(default_factory=new_id)
    started: float = field(default_factory=time.monotonic)

    @property
    def body(self) -> Any:
        """What was sent, read when it is first needed: a wrong method comes before a wrong body.

        Raises ScimError.
        """
        if self.parsed is None:
            self.parsed = self.read()
        return self.parsed


def keep_call(call: Call, answer: "Answer") -> None:
    """Write the call down, after it was answered; it is no part of its transaction."""
    user, group = call.user, call.group
    DirectoryCall.objects.create(
        id=call.id,
        called_at=call.at,
        method=call.method[:8],
        path=_path(call)[:400],
        status=answer.status,
        outcome=_outcome(call, answer.status),
        milliseconds=int((time.monotonic() - call.started) * 1000),
        token_prefix=call.token.prefix,
        body=masked_body(call.parsed),
        detail=_detail(answer)[:500],
        request_id=call.actor.request_id[:64],
        user_id=user.pk if user else None,
        group_id=group.pk if group else None,
        member_id=user.membership_id if user else None,
        label=str(user or group or "")[:320],
        filed=call.filed,
    )


def _outcome(call: Call, status: int) -> Outcome:
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Outcome.FAILED
    return Outcome.REFUSED if status >= HTTPStatus.BAD_REQUEST else call.outcome


def _detail(answer: "Answer") -> str:
    if answer.status < HTTPStatus.BAD_REQUEST or not isinstance(answer.body, dict):
        return ""
    # Addresses in a refusal are the caller's own words; the log keeps what was wrong.
    return re.sub(r"[^\s“(]+@[^\s”),]+", "…", str(answer.body.get("detail", "")))


def _path(call: Call) -> str:
    shown = {name: _QUOTED.sub('"…"', value) for name, value in call.query.items()}
    query = "&".join(f"{name}={value}" for name, value in shown.items())
    return _printable(f"/{call.path}?{query}" if query else f"/{call.path}")


def masked_body(body: Any) -> str:
    """The structure of what was sent; personal values read “…”, long lists say how long."""
    if body is None:
        return ""
    return _printable(json.dumps(_masked(body, ""), ensure_ascii=False, indent=1))[:LONGEST_BODY]


def _masked(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {
            key[:100]: _masked(one, name if key == "value" and name == "path" else key.lower())
            for key, one in list(value.items())[:50]
        }
    if isinstance(value, list):
        shown = [_masked(item, name) for item in value[:MOST_ITEMS]]
        rest = len(value) - len(shown)
        return [*shown, f"… {rest} more"] if rest > 0 else shown
    return value if _is_plain(value, name) else "…"


def _is_plain(value: Any, name: str) -> bool:
    if value is None or isinstance(value, bool):
        return True
    text = str(value)
    if text.lower() in {"true", "false"} or _is_id(text):
        return True
    return name in PLAIN and "@" not in text and len(text) <= LONGEST_PLAIN


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _printable(text: str) -> str:
    return text.replace("\x00", "�")
