"""Takes the access of everybody in a team: one request for the whole, one for each person."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from audit.names import EventName
from audit.recorder import record
from audit.refusals import Invalid, NotPermitted, Refusal, StepUpNeeded
from portal.tickets.actions.opening import open_for, open_ticket
from portal.tickets.actions.revoking import check_instant, file_revocation, wake
from portal.tickets.holders import refuse_own_and_higher
from portal.tickets.models import Part, Ticket
from portal.tickets.rules import Kind, Scope, Status
from portal.tickets.teams import digest_of, people_of, words_of
from tenants.access import Actor, action
from tenants.models import Membership, Organization, Team
from tenants.permissions import Permission

# As many people in one transaction, and in one request: others want to write too.
CHUNK = 50
MOST = 500
SOURCE = "team"


class TeamChanged(Refusal):
    """Others are in the team than those who were shown."""

    code = "team-changed"


class NobodyToRevoke(Refusal):
    code = "nobody-to-revoke"


@action(Permission.REVOCATION_FILE, step_up=True)
def file_team_revocation(
    team: Team,
    *,
    actor: Actor,
    at: datetime,
    reason: str = "",
    source: str = "person",
    effective_at: datetime | None = None,
    expected: str = "",
) -> Ticket:
    """Open the request for all who are in the team now, and block the first of them.

    An open request about the team is returned as it is. Raises Invalid, TeamChanged,
    NobodyToRevoke, NotPermitted.
    """
    Organization.objects.locked(actor.organization_id)
    check_instant(effective_at, at=at)
    people = people_of(team)
    if expected and expected != digest_of(people):
        raise TeamChanged(_("Others are in the team now. Look again, then decide."))
    standing = open_for(Kind.REVOCATION, team.pk)
    if standing is not None:
        return _attach(standing, people, actor=actor)
    _check_size(people)
    facts = {"reason": reason, "source": source, **_beginning(effective_at, at=at)}
    ticket = _open(team, actor=actor, at=at, **facts)
    _name_parts(ticket, people, actor=actor)
    cover_team(ticket, actor=actor, at=at)
    _refuse_if_nobody(ticket)
    wake(ticket)
    return ticket


@action(Permission.REVOCATION_FILE)
def cover_team(ticket: Ticket, *, actor: Actor, at: datetime) -> int:
    """File for the next chunk of a team's people. Returns how many are left."""
    Organization.objects.locked(actor.organization_id)
    ticket = Ticket.objects.locked(ticket.pk)
    if not ticket.is_open:
        return 0
    pending = Part.objects.filter(ticket=ticket).pending().order_by("position")
    parts = list(pending[:CHUNK])
    people = Membership.objects.in_bulk([part.member_id for part in parts])
    for part in parts:
        _cover(ticket, part, people.get(part.member_id), actor=actor, at=at)
    left: int = pending.count()
    return left


def _beginning(effective_at: datetime | None, *, at: datetime) -> dict[str, object]:
    if effective_at is None:
        return {"status": Status.CONTAINED, "contained_at": at, "wake_at": at}
    when = dict.fromkeys(("scheduled_for", "received_at", "wake_at"), effective_at)
    return {"status": Status.SCHEDULED, **when}


def _open(team: Team, *, actor: Actor, at: datetime, **fields: object) -> Ticket:
    # Its name is for its members: the log, letters and lists go to others too.
    is_private = team.visibility == Team.Visibility.PRIVATE
    return open_ticket(
        Kind.REVOCATION,
        actor=actor,
        at=at,
        scope=Scope.TEAM,
        subject_kind=Scope.TEAM.value,
        subject_id=team.pk,
        subject_label=_("a private team") if is_private else team.name,
        **fields,
    )


def _refuse_if_nobody(ticket: Ticket) -> None:
    refusals = list(Part.objects.filter(ticket=ticket).values_list("refusal", flat=True))
    if all(refusals):
        why = ", ".join(sorted({words_of(refusal) for refusal in refusals}))
        raise NobodyToRevoke(_("Nobody in this team can be revoked: %(why)s.") % {"why": why})


def _cover(
    ticket: Ticket, part: Part, member: Membership | None, *, actor: Actor, at: datetime
) -> None:
    """The person's own request; a refusal is kept with them and stops nobody else."""
    if member is None or member.status == Membership.Status.REVOKED:
        Part.objects.filter(pk=part.pk).update(refusal="gone")
        return
    standing = open_for(Kind.REVOCATION, member.pk)
    is_ahead = ticket.status == Status.SCHEDULED and ticket.received_at > at
    try:
        with transaction.atomic():
            own = file_revocation(
                member,
                actor=actor,
                at=at,
                reason=ticket.reason,
                source=SOURCE,
                effective_at=ticket.received_at if is_ahead else None,
            )
    except StepUpNeeded:
        raise
    except Refusal as refusal:
        Part.objects.filter(pk=part.pk).update(refusal=refusal.code)
        return
    Part.objects.filter(pk=part.pk).update(request=own, is_joined=standing is not None)


def _name_parts(ticket: Ticket, people: Sequence[Membership], *, actor: Actor) -> None:
    """Who is meant, and who is not this person's to decide about: settled by who files."""
    Part.objects.bulk_create(
        Part(ticket=ticket, position=n, member_id=one.pk, refusal=_refusal_of(one, actor=actor))
        for n, one in enumerate(people, start=1)
    )


def _refusal_of(member: Membership, *, actor: Actor) -> str:
    try:
        refuse_own_and_higher(member, actor=actor)
    except NotPermitted as refusal:
        return refusal.code
    return ""


def _attach(standing: Ticket, people: Sequence[Membership], *, actor: Actor) -> Ticket:
    """Raises TeamChanged for people whom the open request does not mean."""
    meant = set(Part.objects.filter(ticket=standing).values_list("member_id", flat=True))
    if {one.pk for one in people} - meant:
        raise TeamChanged(
            _("%(number)s is open about this team, but not about people who came since.")
            % {"number": standing.number}
        )
    record(EventName.TICKET_ATTACHED, actor=actor, target=standing)
    return standing


def _check_size(people: Sequence[Membership]) -> None:
    if not people:
        raise NobodyToRevoke(_("Nobody in this team has access."))
    if len(people) > MOST:
        said = _("At most %(most)d people at once. Take them out by the list of leavers.")
        raise Invalid(_("This team is too large."), {"team": said % {"most": MOST}})
