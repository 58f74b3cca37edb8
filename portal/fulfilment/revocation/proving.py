"""The proof of no access: every listed credential is tried, one a piece, and must be refused."""

from portal.fulfilment.probes.trying import try_credential
from portal.fulfilment.work import Again, Finished, Job, Outcome, Repair
from portal.tickets.models import Finding
from tenants.models import Organization

# What cuts credentials off; run again when one of them still opens something.
CUTTING = ("credentials", "sessions", "tokens", "sso", "invitations", "places", "machine")


def prove_no_access(job: Job) -> Outcome:
    """Outside a transaction: the requests must see what everybody sees."""
    round_ = str(job.step.rounds)
    total = Finding.objects.filter(ticket=job.ticket).count()
    tried = set(job.cursor.get("tried", []))
    waiting = Finding.objects.filter(ticket=job.ticket).exclude(pk__in=tried).order_by("pk")
    finding = waiting.first()
    if finding is not None:
        _try(job, finding)
        return Again(len(tried) + 1, total, {"tried": [*tried, str(finding.pk)], "round": round_})
    accepted = Finding.objects.filter(ticket=job.ticket).exclude(answer=Finding.Answer.REFUSED)
    if accepted.exists():
        return Repair(CUTTING, because="still-accepted")
    return Finished({"tried": total, "refused": total})


def _try(job: Job, finding: Finding) -> None:
    trial = try_credential(finding, Organization.objects.current(), job.at)
    answer = Finding.Answer.ACCEPTED if trial.accepted else Finding.Answer.REFUSED
    Finding.objects.filter(pk=finding.pk).update(
        tried=trial.tried[:200], answer=answer, detail=trial.detail[:200], tried_at=job.at
    )
