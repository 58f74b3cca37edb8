"""The facts of a period as rows of spreadsheets and as JSON."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from audit.instants import to_text
from portal.evidence.period import Fact, Leaver
from portal.tickets.models import Ticket

REQUESTS: Final = (
    "number", "kind", "scope", "about", "about kind", "about id", "asked by", "confirmed by",
    "filed through", "reason", "received", "due", "access blocked", "last possible access",
    "done", "ended", "status", "clock", "paused seconds", "ways in tried", "ways in refused",
    "stores counted", "left in stores", "proven",
)  # fmt: skip
PROOFS: Final = (
    "number", "way in", "which", "last used", "tried", "answer", "detail", "tried at",
)  # fmt: skip
STORES: Final = ("number", "store", "before", "erased", "after", "root", "counted again at")
LEAVERS: Final = (
    "name", "address", "left", "how", "request", "access blocked", "still has access",
)  # fmt: skip
SAMPLE: Final = ("place", "number", "draw")


def request_row(fact: Fact) -> list[object]:
    ticket = fact.ticket
    return [
        ticket.number, ticket.kind, ticket.scope, ticket.subject_label, ticket.subject_kind,
        ticket.subject_id, ticket.requester_name, ticket.confirmer_name, ticket.source,
        ticket.reason, spelled(ticket.received_at), spelled(ticket.due_at),
        spelled(ticket.contained_at), spelled(fact.last_access_at), spelled(ticket.met_at),
        spelled(ticket.ended_at), ticket.status, fact.verdict.value, ticket.paused_seconds,
        len(fact.findings), fact.refused, len(fact.tallies), fact.left, _yes(fact.is_proven),
    ]  # fmt: skip


def proof_rows(fact: Fact) -> Iterator[list[object]]:
    for each in fact.findings:
        yield [
            fact.ticket.number, each.kind, each.label, spelled(each.last_used_at), each.tried,
            each.answer, each.detail, spelled(each.tried_at),
        ]  # fmt: skip


def store_rows(fact: Fact) -> Iterator[list[object]]:
    for each in fact.tallies:
        yield [
            fact.ticket.number, each.store, each.before, each.erased, each.after, each.root,
            spelled(each.checked_at),
        ]  # fmt: skip


def leaver_row(leaver: Leaver) -> list[object]:
    return [
        leaver.name, leaver.address, spelled(leaver.left_at), leaver.how, leaver.number,
        spelled(leaver.blocked_at), _yes(leaver.has_access),
    ]  # fmt: skip


def as_json(fact: Fact) -> dict[str, Any]:
    """One request with all of its proof."""
    named = dict(zip(REQUESTS, map(_plain, request_row(fact)), strict=True))
    steps = [
        {"name": x.name, "status": x.status, "rounds": x.rounds, "attempts": x.attempts,
            "finished": spelled(x.finished_at)}
        for x in fact.steps
    ]  # fmt: skip
    return {
        **{name.replace(" ", "_"): value for name, value in named.items()},
        "proven": fact.is_proven,
        "steps": steps,
        "ways_in": [_named(PROOFS, row) for row in proof_rows(fact)],
        "stores": [_named(STORES, row) for row in store_rows(fact)],
    }


def file_name(ticket: Ticket) -> str:
    return f"certificates/{ticket.number}.json"


def spelled(at: datetime | None) -> str:
    return to_text(at) if at else ""


def _named(header: tuple[str, ...], row: list[object]) -> dict[str, Any]:
    names = [name.replace(" ", "_") for name in header[1:]]
    return dict(zip(names, map(_plain, row[1:]), strict=True))


def _plain(value: object) -> object:
    return value if isinstance(value, int | str) or value is None else str(value)


def _yes(value: bool) -> str:  # noqa: FBT001 - one word for one fact
    return "yes" if value else "no"
