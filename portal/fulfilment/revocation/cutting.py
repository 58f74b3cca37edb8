"""Destroys what the containment already refuses: sessions, tokens, links, invitations, places."""

from django.contrib.sessions.models import Session
from django.db.models import Q

from portal.fulfilment.revocation.subject import account_of, subject_of
from portal.fulfilment.work import Finished, Job, Outcome
from portal.sso.actions import close_identities
from portal.tickets.models import Part, Ticket
from tenants.actions.entries import end_entries_of
from tenants.actions.members import contain_member, revoke_member
from tenants.actions.stopping import end_account, end_tokens_of
from tenants.actions.tokens import revoke_tokens_of
from tenants.models import Entry, Invitation, Membership, TeamMember
from tenants.scoping import system_scope


def end_sessions(job: Job) -> Outcome:
    """End every entry, and delete browser sessions that let the person into nothing else."""
    membership = subject_of(job.ticket)
    keys = set(Entry.objects.filter(membership=membership).values_list("session_key", flat=True))
    ended = end_entries_of(membership, at=job.at, because="access revoked")
    with system_scope("sessions that serve other workspaces"):
        shared = set(
            Entry.unscoped.filter(session_key__in=keys, ended_at__isnull=True).values_list(
                "session_key", flat=True
            )
        )
    deleted, _ = Session.objects.filter(session_key__in=keys - shared).delete()
    _destroyed(job)
    return Finished({"entries": ended, "sessions": deleted, "shared": len(shared)})


def revoke_tokens(job: Job) -> Outcome:
    account = account_of(job.ticket)
    if account is None:
        revoked = revoke_tokens_of(subject_of(job.ticket), at=job.at)
    else:
        revoked = end_tokens_of(account, at=job.at)
        _destroyed(job)
    return Finished({"tokens": revoked}, skipped=not revoked)


def end_machine(job: Job) -> Outcome:
    """The account is over: its places go, its name is free again, what it did keeps it."""
    account = account_of(job.ticket)
    if account is not None:
        end_account(account, actor=job.actor, at=job.at)
    return Finished()


def unlink_sso(job: Job) -> Outcome:
    closed = close_identities(subject_of(job.ticket), actor=job.actor, at=job.at)
    return Finished({"links": closed}, skipped=not closed)


def cancel_invitations(job: Job) -> Outcome:
    """Open invitations to the person and by the person."""
    membership = subject_of(job.ticket)
    theirs = Q(email=membership.email) | Q(invited_by=membership)
    cancelled = Invitation.objects.open(at=job.at).filter(theirs).update(cancelled_at=job.at)
    return Finished({"invitations": cancelled}, skipped=not cancelled)


def remove_places(job: Job) -> Outcome:
    """Teams go, the membership ends for good; the name stays on what the person did."""
    membership = subject_of(job.ticket)
    if membership.status == Membership.Status.ACTIVE:
        # Somebody let the person in again while this request was open: it blocks them again.
        contain_member(membership, actor=job.actor, at=job.at)
    left, _ = TeamMember.objects.filter(membership=membership).delete()
    revoke_member(membership, actor=job.actor, at=job.at)
    return Finished({"teams": left})


def _destroyed(job: Job) -> None:
    """Of the whole that a person's request is part of, too: the whole is locked first."""
    wholes = Part.objects.filter(request=job.ticket).own().values("ticket_id")
    Ticket.objects.filter(pk__in=wholes, destroyed_at__isnull=True).update(destroyed_at=job.at)
    Ticket.objects.filter(pk=job.ticket.pk, destroyed_at__isnull=True).update(destroyed_at=job.at)
