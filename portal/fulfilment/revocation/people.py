"""The request about a whole team: files what is left of it, and ends after its people's."""

from collections import Counter
from datetime import timedelta

from audit.refusals import Refusal
from portal.fulfilment.work import Again, Finished, Job, Outcome, Repair, Wait
from portal.tickets.actions import cover_team
from portal.tickets.models import Finding, Part, Ticket
from portal.tickets.rules import ENDED, Status

# It is looked at the more seldom the longer it takes.
SOONEST = timedelta(seconds=15)
LATEST = timedelta(minutes=5)
SHARE = 10


class NotRefused(Refusal):
    """A credential of somebody in the team was not refused."""

    code = "still-accepted"


def finish_people(job: Job) -> Outcome:
    """Everybody's own request is filed, and none is open any more."""
    left = cover_team(job.ticket, actor=job.actor, at=job.at)
    parts = Part.objects.filter(ticket=job.ticket, refusal="")
    total, ended = parts.count(), parts.filter(request__status__in=sorted(ENDED)).count()
    if left:
        return Again(ended, total, {})
    if ended < total:
        passed = job.at - (job.ticket.contained_at or job.at)
        pause = min(max(passed / SHARE, SOONEST), LATEST)
        return Wait(until=job.at + pause, because="people-open")
    return Finished({"people": total})


def check_people(job: Job) -> Outcome:
    """By the people's own evidence: what was proven for each is what is said of all."""
    parts = Part.objects.filter(ticket=job.ticket)
    if parts.filter(refusal="").exclude(request__status__in=sorted(ENDED)).exists():
        return Repair(("people",), because="people-open")
    proven = Ticket.objects.filter(pk__in=parts.values("request_id"), status=Status.COMPLETED)
    findings = Finding.objects.filter(ticket__in=proven.values("pk"))
    if findings.exclude(answer=Finding.Answer.REFUSED).exists():
        raise NotRefused("A credential was not refused.")
    ends = Counter(parts.filter(request__isnull=False).values_list("request__status", flat=True))
    revoked = ends.pop(Status.COMPLETED, 0)
    return Finished(
        {
            "revoked": revoked,
            "taken_back": sum(ends.values()),
            "not_revoked": parts.exclude(refusal="").count(),
            "credentials_refused": findings.count(),
        }
    )
