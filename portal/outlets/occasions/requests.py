"""Letters about requests with a clock."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.conf import settings
from django.utils.translation import gettext as _

from audit.models import Event
from audit.names import EventName
from portal.fulfilment.keeping import kept_link
from portal.outlets import recipients as to
from portal.outlets.letters import Letter, address_of
from portal.outlets.occasions.base import Occasion, Situation, utc
from portal.tickets.models import Step, Ticket
from portal.tickets.models.step import StepQuerySet
from portal.tickets.rules import Kind, Scope
from tenants.permissions import Permission

FIRST_LEVEL_FOR_CUSTOMER = 75


def _ticket(now: Situation) -> Ticket | None:
    ticket: Ticket | None = Ticket.objects.filter(number=now.event.reference).first()
    return ticket


def _requester(event: Event, _at: datetime) -> Sequence[str]:
    ticket = Ticket.objects.filter(number=event.reference).first()
    return to.person(ticket.requester_id) if ticket else []


def _facts(ticket: Ticket) -> list[tuple[str, str]]:
    return [
        (_("Request"), ticket.number),
        (_("About"), ticket.subject_label),
        (_("Asked for by"), ticket.requester_name),
        (_("Due"), utc(ticket.due_at)),
    ]


def _letter(now: Situation, ticket: Ticket, *, subject: str, text: Sequence[str]) -> Letter:
    return Letter(
        subject=f"{ticket.number}: {subject}",
        text=text,
        facts=_facts(ticket),
        link=address_of("ticket-show", now.slug, ticket.number),
        link_label=_("Open the request"),
    )


def _write_opened(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None:
        return None
    write = _revocation_opened if ticket.kind == Kind.REVOCATION else _deletion_opened
    return write(now, ticket)


def _revocation_opened(now: Situation, ticket: Ticket) -> Letter:
    if ticket.contained_at is None:
        return _revocation_planned(now, ticket)
    return _letter(
        now,
        ticket,
        subject=_("access of %(name)s revoked") % {"name": ticket.subject_label},
        text=[
            _("%(who)s revoked the access of %(name)s. Access was blocked at %(at)s.")
            % {
                "who": ticket.requester_name,
                "name": ticket.subject_label,
                "at": utc(ticket.contained_at),
            },
            _("Clean-up and proof of no access follow within 24 hours."),
        ],
    )


def _revocation_planned(now: Situation, ticket: Ticket) -> Letter:
    return _letter(
        now,
        ticket,
        subject=_("access of %(name)s will be revoked") % {"name": ticket.subject_label},
        text=[
            _("%(who)s asked that the access of %(name)s ends at %(at)s.")
            % {
                "who": ticket.requester_name,
                "name": ticket.subject_label,
                "at": utc(ticket.scheduled_for),
            },
            _("Until then it can be cancelled, or access can be blocked at once."),
        ],
    )


def _write_contained(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None or ticket.contained_at is None:
        return None
    return _letter(
        now,
        ticket,
        subject=_("access of %(name)s is blocked") % {"name": ticket.subject_label},
        text=[
            _("The access of %(name)s was blocked at %(at)s.")
            % {"name": ticket.subject_label, "at": utc(ticket.contained_at)},
            _("Clean-up and proof of no access follow within 24 hours."),
        ],
    )


def _deletion_opened(now: Situation, ticket: Ticket) -> Letter:
    begins = (
        _("Nothing is deleted before %(at)s. Until then it can be withdrawn.")
        % {"at": utc(ticket.cooling_off_until)}
        if ticket.cooling_off_until
        else _("Nothing is deleted before a second person has confirmed it.")
    )
    return _letter(
        now,
        ticket,
        subject=_("deletion requested"),
        text=[
            _("%(who)s asked for this to be deleted: %(name)s.")
            % {"who": ticket.requester_name, "name": ticket.subject_label},
            begins,
            *_of_closing(ticket),
        ],
    )


def _of_closing(ticket: Ticket) -> list[str]:
    """Written while there is still somebody to write to."""
    if ticket.scope != Scope.CLOSE:
        return []
    address = address_of("certificate-kept", kept_link(ticket))
    return [
        _(
            "Keep this letter. Once the workspace is closed nobody can sign in, and no mail about "
            "it is sent. The signed certificate is then here, until %(days)d days after: %(url)s"
        )
        % {"days": settings.BACKUP_DAYS, "url": address}
    ]


def _write_waiting(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None or not ticket.is_open:
        return None
    return _letter(
        now,
        ticket,
        subject=_("needs you"),
        text=[
            _("%(who)s asked for a deletion, and a second person has to confirm it.")
            % {"who": ticket.requester_name}
        ],
    )


def _write_completed(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None:
        return None
    return _letter(
        now,
        ticket,
        subject=_("complete, with proof of no access"),
        text=[
            _("%(name)s has no access any more. Each way in was tried, and each was refused.")
            % {"name": ticket.subject_label}
        ],
    )


def _write_erased(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None:
        return None
    return _letter(
        now,
        ticket,
        subject=_("deleted, the certificate is ready"),
        text=[
            _(
                "Everything the request named is erased. It was counted again afterwards, and "
                "nothing is left."
            ),
            _("The signed certificate is on the request's page."),
        ],
    )


def _write_blocked(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None or not ticket.is_open:
        return None
    return _letter(
        now,
        ticket,
        subject=_("needs the vendor"),
        text=[_("A step did not succeed by itself. The vendor was told and works on it.")],
    )


def _write_escalated(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None or not ticket.is_open:
        return None
    share = now.event.facts.get("level")
    return _letter(
        now,
        ticket,
        subject=_("%(share)s %% of the time is used") % {"share": share},
        text=[_("The request is still open. It is due at %(at)s.") % {"at": utc(ticket.due_at)}],
    )


def _write_asked(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    step = _asking(ticket).filter(name=str(now.event.facts.get("step_name", ""))).first()
    if ticket is None or step is None:
        return None
    return Letter(
        subject=f"{ticket.number}: {_('needs you')}",
        text=[step.asks, _("What must be shown: %(what)s") % {"what": step.evidence_asked}],
        facts=[*_facts(ticket), (_("Your answer is due"), utc(step.answer_due_at))],
        link=address_of("step-answer", now.slug, ticket.number, step.pk),
        link_label=_("Say that it is done"),
    )


def _write_late(now: Situation) -> Letter | None:
    ticket = _ticket(now)
    if ticket is None:
        return None
    return _letter(
        now,
        ticket,
        subject=_("late"),
        text=[
            _("The request was due at %(at)s and is not complete.") % {"at": utc(ticket.due_at)},
            _("It stays open until it is done and proven, and the record keeps that it was late."),
        ],
    )


def _asking(ticket: Ticket | None) -> StepQuerySet:
    steps: StepQuerySet = Step.objects.asking().filter(ticket=ticket)
    return steps


def _asked(event: Event, at: datetime) -> Sequence[str]:
    """Whoever is named; everybody who works on requests where nobody is."""
    if event.facts.get("for_vendor"):
        return [to.VENDOR]
    named = event.facts.get("assignee_id")
    return to.person(UUID(str(named))) if named else list(_workers(event, at))


def _escalation(event: Event, at: datetime) -> Sequence[str]:
    """The vendor hears of every level, the customer once it gets near."""
    level = event.facts.get("level")
    near = isinstance(level, int) and level >= FIRST_LEVEL_FOR_CUSTOMER
    return [to.VENDOR, *(_workers(event, at) if near else ())]


_workers = to.holders(Permission.TICKET_WORK)
_everybody_near = to.both(_requester, _workers)

OCCASIONS = tuple(
    Occasion(letter=f"request-{word}", names=frozenset({name}), choose=choose, write=write)
    for word, name, choose, write in (
        ("opened", EventName.TICKET_OPENED, _everybody_near, _write_opened),
        ("contained", EventName.TICKET_CONTAINED, _everybody_near, _write_contained),
        (
            "waiting",
            EventName.TICKET_WAITING,
            to.without_actor(to.holders(Permission.DELETION_FILE)),
            _write_waiting,
        ),
        (
            "complete",
            EventName.TICKET_COMPLETED,
            to.both(_requester, to.fixed(to.SECURITY)),
            _write_completed,
        ),
        (
            "erased",
            EventName.TICKET_ERASED,
            to.both(_requester, to.fixed(to.SECURITY)),
            _write_erased,
        ),
        (
            "blocked",
            EventName.TICKET_BLOCKED,
            to.both(_requester, to.fixed(to.VENDOR)),
            _write_blocked,
        ),
        ("asked", EventName.TICKET_STEP_ASKED, _asked, _write_asked),
        ("escalated", EventName.TICKET_ESCALATED, _escalation, _write_escalated),
        (
            "late",
            EventName.TICKET_LATE,
            to.both(_everybody_near, to.fixed(to.SECURITY), to.fixed(to.VENDOR)),
            _write_late,
        ),
    )
)
