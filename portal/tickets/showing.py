"""How a request looks on a page: its steps, what it proved, and what happened to it."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from audit.models import Event
from audit.names import EventName
from audit.opening import opened
from audit.sentences import sentence
from portal.tickets.disposing import said_of
from portal.tickets.models import Finding, Part, Step, Tally, Ticket
from portal.tickets.plans import title_of_step
from portal.tickets.rules import COLLECTIVE, Scope, Status, StepStatus
from portal.tickets.teams import words_of
from portal.tickets.turns import note_of_waiting, turn_of
from tenants.models import Membership

TIMELINE_LENGTH = 200
STEP_TONES = {
    StepStatus.RUNNING: "info",
    StepStatus.RETRYING: "warn",
    StepStatus.WAITING: "warn",
    StepStatus.BLOCKED: "danger",
    StepStatus.DONE: "ok",
    StepStatus.SKIPPED: "ok",
}
MARKS = {
    EventName.TICKET_OPENED: ("ticket-plus", "info"),
    EventName.TICKET_CONFIRMED: ("user-check", "info"),
    EventName.TICKET_REVERSED: ("undo-2", "neutral"),
    EventName.TICKET_CONTAINED: ("user-x", "info"),
    EventName.TICKET_WITHDRAWN: ("undo-2", "neutral"),
    EventName.TICKET_STEP_ASKED: ("hand", "warn"),
    EventName.TICKET_STEP_OPENED: ("eye", "info"),
    EventName.TICKET_STEP_TAKEN: ("hand", "info"),
    EventName.TICKET_STEP_ANSWERED: ("user-check", "ok"),
    EventName.TICKET_STEP_ACKNOWLEDGED: ("check", "ok"),
    EventName.TICKET_NEEDS_INPUT: ("hourglass", "warn"),
    EventName.TICKET_STEP_FINISHED: ("check", "neutral"),
    EventName.TICKET_STEP_FAILED: ("triangle-alert", "warn"),
    EventName.TICKET_BLOCKED: ("octagon-x", "danger"),
    EventName.TICKET_REPAIRED: ("wrench", "warn"),
    EventName.TICKET_REPLAYED: ("history", "warn"),
    EventName.TICKET_VERIFYING: ("search-check", "info"),
    EventName.TICKET_COMPLETED: ("shield-check", "ok"),
    EventName.TICKET_ERASED: ("shield-check", "ok"),
    EventName.TICKET_ESCALATED: ("timer", "warn"),
    EventName.TICKET_LATE: ("alarm-clock", "danger"),
}
CREDENTIALS = {
    "session": gettext_lazy("Browser session"),
    "token": gettext_lazy("API token"),
    "password": gettext_lazy("Password sign-in"),
    "reset": gettext_lazy("Link of a forgotten password"),
    "sso": gettext_lazy("Single sign-on"),
    "invitation": gettext_lazy("Invitation"),
}
TITLES = {
    Scope.MEMBER: gettext_lazy("Revoke access: %(name)s"),
    Scope.SERVICE_ACCOUNT: gettext_lazy("Stop the service account %(name)s"),
    Scope.TEAM: gettext_lazy("Revoke access of a whole team: %(name)s"),
    Scope.ALL_METADATA: gettext_lazy("Delete all metadata of %(name)s"),
    Scope.INTEGRATION: gettext_lazy("Delete metadata: %(name)s"),
    Scope.PERSON: gettext_lazy("Delete a person's data: %(name)s"),
    Scope.DATA_CLASS: gettext_lazy("Delete one kind of data: %(name)s"),
    Scope.CLOSE: gettext_lazy("Close the workspace %(name)s"),
}
HOLD_UPS = {
    "others-open": gettext_lazy("It waits for other requests of this workspace to end."),
    "people-open": gettext_lazy("It waits for the requests of its people to end."),
    "residue": gettext_lazy("Something was left; it is being erased again."),
    "still-accepted": gettext_lazy("A credential still worked; it is being cut off again."),
    "not-acknowledged": gettext_lazy("It was told, and has not acknowledged yet."),
    "unreachable": gettext_lazy("It could not be reached; it is tried again."),
    "address-refused": gettext_lazy("Its address may not be called any more."),
    "answered-with-error": gettext_lazy("It answered with an error; it is tried again."),
    "storage-busy": gettext_lazy("The database was busy."),
    "worker-lost": gettext_lazy("The worker stopped in the middle each time."),
}


@dataclass(frozen=True, slots=True)
class StepLine:
    title: str
    tone: str
    label: str
    detail: str
    at: datetime | None
    done: int
    total: int
    is_running: bool
    # Of a step with a page of its own: where somebody answers, or what they answered.
    page_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Proof:
    """One credential and how it was refused."""

    kind: str
    label: str
    last_used_at: datetime | None
    tried: str
    detail: str
    tried_at: datetime | None
    is_refused: bool


@dataclass(frozen=True, slots=True)
class Person:
    """One person of a request about a team."""

    name: str
    request: Ticket | None
    is_joined: bool
    refusal: str

    @property
    def is_done(self) -> bool:
        return bool(self.refusal) or bool(self.request and self.request.ended_at)


@dataclass(frozen=True, slots=True)
class Detail:
    """Everything the page of one request shows."""

    ticket: Ticket
    steps: list[StepLine]
    proofs: list[Proof]
    people: list[Person]
    plan: list[tuple[str, str]]
    tallies: list[Tally]
    timeline: list[dict[str, Any]]
    previous: Ticket | None
    is_late: bool
    is_at_risk: bool
    tag: str
    turn: str

    @property
    def people_done(self) -> int:
        return sum(1 for one in self.people if one.is_done)

    @property
    def keeps_moving(self) -> bool:
        return self.ticket.is_open

    @property
    def running(self) -> StepLine | None:
        return next((s for s in self.steps if s.is_running and s.total), None)


def detail_of(ticket: Ticket, at: datetime) -> Detail:
    rows = list(Step.objects.filter(ticket=ticket).order_by("position"))
    findings = list(Finding.objects.filter(ticket=ticket).order_by("kind", "pk"))
    people = _people(ticket, at) if ticket.scope in COLLECTIVE else []
    tallies = list(Tally.objects.filter(ticket=ticket).order_by("position"))
    return Detail(
        ticket=ticket,
        steps=_lines(ticket, rows),
        people=people,
        plan=said_of(ticket) if ticket.scope == Scope.MEMBER else [],
        proofs=[_proof(finding) for finding in findings],
        tallies=tallies,
        timeline=timeline_of(ticket),
        previous=ticket.previous,
        is_late=ticket.is_late(at),
        is_at_risk=ticket.is_at_risk(at),
        tag=tag_of(ticket, rows, at, people=people),
        turn=turn_of(ticket, rows),
    )


def tag_of(ticket: Ticket, steps: list[Step], at: datetime, *, people: Sequence[Person]) -> str:
    """Changes whenever something on the page would."""
    moving = [
        (step.status, step.done, step.attempts, step.rounds, step.assignee_name, step.error_code)
        for step in steps
    ]
    theirs = [one.request.status if one.request else one.refusal for one in people]
    clock = (ticket.is_late(at), ticket.is_at_risk(at))
    seen = (ticket.version, ticket.status, *clock, moving, theirs)
    return hashlib.sha256(repr(seen).encode()).hexdigest()[:16]


def _people(ticket: Ticket, at: datetime) -> list[Person]:
    """In two statements, however many they are."""
    rows = Part.objects.filter(ticket=ticket).select_related("request").order_by("position")
    parts = list(rows)
    named = Membership.objects.in_bulk([part.member_id for part in parts])
    return [
        Person(
            name=str(named.get(part.member_id) or _("A removed person")),
            request=part.request.as_of(at) if part.request else None,
            is_joined=part.is_joined,
            refusal=words_of(part.refusal) if part.refusal else "",
        )
        for part in parts
    ]


def timeline_of(ticket: Ticket) -> list[dict[str, Any]]:
    """The audit log's own rows about this request, newest first; there is no second history."""
    events = list(
        Event.objects.filter(
            organization_id=ticket.organization_id, target_kind="ticket", target_id=ticket.pk
        ).order_by("-id")[:TIMELINE_LENGTH]
    )
    opened(events)
    return [_entry(event) for event in events]


def _entry(event: Event) -> dict[str, Any]:
    icon, tone = MARKS.get(event.name, ("circle", "neutral"))  # type: ignore[call-overload]
    return {"at": event.occurred_at, "text": sentence(event), "icon": icon, "tone": tone}


def _lines(ticket: Ticket, rows: list[Step]) -> list[StepLine]:
    return [_line(step, title_of_step(ticket.kind, step)) for step in rows]


def _line(step: Step, title: str) -> StepLine:
    status = StepStatus(step.status)
    return StepLine(
        title=title,
        tone=STEP_TONES.get(status, "neutral"),
        label="" if status == StepStatus.PENDING else str(status.label),
        detail=_note(step),
        at=step.finished_at,
        done=step.done,
        total=step.total,
        is_running=status == StepStatus.RUNNING,
        page_id=step.pk if step.is_asking or step.evidence else None,
    )


def _note(step: Step) -> str:
    notes = []
    if step.status == StepStatus.WAITING:
        notes.append(note_of_waiting(step))
        notes += [str(HOLD_UPS[step.error_code])] if step.error_code in HOLD_UPS else []
    elif step.error_code and step.finished_at is None:
        notes.append(str(HOLD_UPS.get(step.error_code, _("The last attempt failed."))))
        notes.append(_("Attempt %(n)d.") % {"n": step.attempts})
    if step.rounds > 1:
        notes.append(_("Round %(n)d.") % {"n": step.rounds})
    return " ".join(filter(None, notes))


def _proof(finding: Finding) -> Proof:
    return Proof(
        kind=str(CREDENTIALS.get(finding.kind, finding.kind)),
        label=finding.label,
        last_used_at=finding.last_used_at,
        tried=finding.tried,
        detail=finding.detail,
        tried_at=finding.tried_at,
        is_refused=finding.answer == Finding.Answer.REFUSED,
    )


def title_of(ticket: Ticket) -> str:
    """`Revoke access: Erin Vos`; the words a busy admin looks for."""
    return str(TITLES[Scope(ticket.scope)]) % {"name": ticket.subject_label}


def is_certified(ticket: Ticket) -> bool:
    return ticket.status == Status.ERASED
