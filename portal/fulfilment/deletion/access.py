"""Ends access before anything is erased: nobody may write again what has been counted."""

from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Refusal
from portal.fulfilment.deletion.sought import note_sought
from portal.fulfilment.work import Again, Finished, Job, Outcome
from portal.tickets import rules
from portal.tickets.models import Ticket
from portal.tickets.rules import Kind, Scope, Status
from tenants.actions.members import contain_member, revoke_member
from tenants.models import ApiToken, Entry, Membership, Organization, ServiceAccount

RESTORED = "restore"


class StillOpen(Refusal):
    """Another request has to end first; the step is tried again."""

    code = "others-open"


def end_access(job: Job) -> Outcome:
    if job.ticket.scope == Scope.PERSON:
        return _of_the_person(job)
    return _of_everybody(job)


def _of_the_person(job: Job) -> Outcome:
    """The revocation must be over, with its proof; only a restored backup is not waited for."""
    member = Membership.objects.filter(pk=job.ticket.subject_id).first()
    if member is None:
        return Finished(skipped=True)
    if member.status != Membership.Status.REVOKED:
        if job.ticket.source != RESTORED:
            raise StillOpen(_("The access of this person is still being revoked."))
        if member.status == Membership.Status.ACTIVE:
            member = contain_member(member, actor=job.actor, at=job.at)
        member = revoke_member(member, actor=job.actor, at=job.at)
    note_sought(Ticket.objects.locked(job.ticket.pk), member)
    return Finished({"handed_over": _hand_over_machines(job, member)})


def _hand_over_machines(job: Job, member: Membership) -> int:
    """Programs, deleted ones too, keep somebody who answers for them."""
    owned = ServiceAccount.objects.filter(owner=member)
    if not owned.exists():
        return 0
    filer = job.ticket.requester
    if filer is None or not filer.is_active(at=job.at):
        filer = Membership.objects.owners(at=job.at).order_by("pk").first()
    ApiToken.objects.filter(service_account__in=owned).update(owner=filer)
    return owned.update(owner=filer)


def _of_everybody(job: Job) -> Outcome:
    """First the doors, seen at once by everybody; then wait for whoever is still at work."""
    if not job.cursor:
        return Again(0, 0, {"ended": _shut(job)})
    _withdraw_others(job)
    others = Ticket.objects.still_open().exclude(pk=job.ticket.pk)
    if others.exists():
        raise StillOpen(_("Other requests of this workspace are still open."))
    return Finished({"sessions_ended": job.cursor["ended"]})


def _shut(job: Job) -> int:
    """A closed workspace has no page, no token, no directory and no single sign-on."""
    organization = Organization.objects.locked(job.ticket.organization_id)
    organization.status = Organization.Status.CLOSED
    organization.save(update_fields=["status"])
    ended: int = Entry.objects.open().update(ended_at=job.at, ended_because="workspace closed")
    record(
        EventName.ORGANIZATION_CLOSED,
        actor=job.actor,
        target=organization,
        request=job.ticket.number,
        sessions_ended=ended,
    )
    return ended


def _withdraw_others(job: Job) -> None:
    """What they would delete goes anyway."""
    waiting = Ticket.objects.filter(kind=Kind.DELETION, status__in=sorted(rules.WITHDRAWABLE))
    for ticket in waiting.exclude(pk=job.ticket.pk):
        ticket.move(Status.WITHDRAWN, at=job.at)
        ticket.save(update_fields=["status", "version", "wake_at", "ended_at"])
        because = f"{job.ticket.number} closes the workspace"
        record(EventName.TICKET_WITHDRAWN, actor=job.actor, target=ticket, because=because)
