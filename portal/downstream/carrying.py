"""The step of a downstream system: tell it until it acknowledges, or ask a person."""

from datetime import datetime
from uuid import UUID

from django.utils.translation import gettext as _

from portal.downstream import sending
from portal.downstream.actions import acknowledge_callback
from portal.downstream.models import Callback, Connector
from portal.downstream.rules import FAMILY, Through
from portal.fulfilment.work import Ask, Finished, Job, Outcome, Wait
from portal.tickets import rules
from portal.tickets.answerers import answerer
from portal.tickets.models import Step


def carry_downstream(job: Job) -> Outcome:
    """Outside a transaction: none is open while the other side takes its time."""
    connector: Connector | None = Connector.objects.filter(pk=_id_of(job.step)).first()
    if connector is None and job.ticket.scope == rules.Scope.CLOSE:
        return Wait(ask=_ask_after_closing(job))
    if connector is None or not connector.is_in_use:
        return Finished({"reason": "switched off meanwhile"}, skipped=True)
    if not connector.is_called:
        return Wait(ask=_ask_by_hand(connector, job))
    callback, _made = Callback.objects.get_or_create(
        step=job.step, defaults={"connector": connector, "created_at": job.at}
    )
    if callback.acknowledged_at is None and job.at <= job.ticket.due_at:
        _tell(connector, callback, job)
        callback.refresh_from_db()
    if callback.acknowledged_at is not None:
        return Finished({"tries": callback.tries, "through": callback.through})
    return _wait(connector, callback, job)


def _id_of(step: Step) -> UUID:
    return UUID(step.name.removeprefix(FAMILY))


def _tell(connector: Connector, callback: Callback, job: Job) -> None:
    reply = sending.call(connector, callback, ticket=job.ticket, at=job.at)
    Callback.objects.filter(pk=callback.pk).update(
        tries=callback.tries + 1, tried_at=job.at, answered=reply.status, because=reply.because
    )
    if reply.acknowledged:
        acknowledge_callback(callback.pk, actor=job.actor, at=job.at, through=Through.ANSWER)


def _wait(connector: Connector, callback: Callback, job: Job) -> Wait:
    """Until the next try; from three quarters of the time on somebody is asked."""
    asking_from = rules.instant_of(job.ticket.running_from, job.ticket.due_at, rules.AT_RISK_LEVEL)
    again = job.at + rules.pause_after(callback.tries)
    is_asking = job.at >= asking_from
    if not is_asking:
        again = min(again, asking_from)
    return Wait(
        until=again if job.at <= job.ticket.due_at else None,
        ask=_ask_instead(connector, job) if is_asking else None,
        because=callback.because,
    )


def _ask_instead(connector: Connector, job: Job) -> Ask:
    """The system does not acknowledge: a person makes it, or does it there by hand."""
    what = _("%(name)s has not acknowledged. Make it acknowledge, or do it there by hand.") % {
        "name": connector.name
    }
    what = f"{what} {connector.instruction}".strip()
    return _ask(connector, job, what=what, due_at=job.ticket.due_at)


def _ask_after_closing(job: Job) -> Ask:
    """Its address went with the workspace before it acknowledged: the vendor asks them."""
    what = _("%(name)s has not acknowledged, and its address is erased. Ask them to confirm it.")
    return Ask(
        what=what % {"name": job.step.title},
        evidence=_("Who confirmed it there, and when."),
        due_at=job.ticket.due_at,
        is_for_vendor=True,
    )


def _ask_by_hand(connector: Connector, job: Job) -> Ask:
    ticket = job.ticket
    early = rules.instant_of(ticket.running_from, ticket.due_at, rules.AT_RISK_LEVEL)
    due = early if early > job.at else ticket.due_at
    return _ask(connector, job, what=connector.instruction, due_at=due)


def _ask(connector: Connector, job: Job, *, what: str, due_at: datetime) -> Ask:
    is_closing = job.ticket.scope == rules.Scope.CLOSE
    return Ask(
        what=what,
        evidence=connector.evidence_asked or _("What was done there, when, and by whom."),
        due_at=due_at,
        # Nobody can come into a closed workspace any more, so the vendor answers for it.
        is_for_vendor=is_closing,
        assignee=None if is_closing else answerer(connector.responsible_id, job.ticket, at=job.at),
        needs_reference=connector.needs_reference,
    )
