"""How grants, decisions and reads look on a page, the same for customer and staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from portal.grants import rules
from portal.grants.models import AccessRecord, Grant, GrantDecision, SupportSession
from portal.grants.rules import Capability, GrantStatus, Verdict

TONES = {
    GrantStatus.VENDOR_REVIEW: "neutral",
    GrantStatus.PENDING_CUSTOMER: "warn",
    GrantStatus.SCHEDULED: "info",
    GrantStatus.ACTIVE: "ok",
    GrantStatus.REVOKED: "danger",
    GrantStatus.DENIED: "danger",
}
_VERDICTS = {
    Verdict.ENDORSED: ("user-check", "info"),
    Verdict.REJECTED: ("octagon-x", "danger"),
    Verdict.WITHDRAWN: ("undo-2", "neutral"),
    Verdict.APPROVED: ("shield-check", "ok"),
    Verdict.NARROWED: ("scissors", "info"),
    Verdict.DENIED: ("octagon-x", "danger"),
    Verdict.REVOKED: ("shield-off", "danger"),
    Verdict.EMERGENCY: ("siren", "danger"),
}
LIVE_ROWS = 10


@dataclass(frozen=True, slots=True)
class GrantCard:
    """One grant as a page shows it, worked out at one instant."""

    grant: Grant
    state: GrantStatus
    label: str
    tone: str
    capabilities: list[str]
    scope: list[str]

    @property
    def lasts(self) -> timedelta:
        """What was approved; what was asked for until then."""
        if self.grant.starts_at and self.grant.expires_at:
            return self.grant.expires_at - self.grant.starts_at
        return self.grant.requested_duration

    @property
    def is_pending(self) -> bool:
        return self.state == GrantStatus.PENDING_CUSTOMER

    @property
    def is_open(self) -> bool:
        return self.state in rules.APPROVED

    @property
    def is_active(self) -> bool:
        return self.state == GrantStatus.ACTIVE

    @property
    def is_over(self) -> bool:
        """Whether it was open once: what is asked for next extends it."""
        return self.state in rules.AFTERWARDS

    @property
    def in_review(self) -> bool:
        return self.state == GrantStatus.VENDOR_REVIEW


def card(grant: Grant, at: datetime) -> GrantCard:
    state = grant.state(at)
    return GrantCard(
        grant=grant,
        state=state,
        label=_("Changed outside Gatehouse") if grant.tampered_at else str(state.label),
        tone="danger" if grant.tampered_at else TONES.get(state, "neutral"),
        capabilities=[str(each.label) for each in Capability if each in grant.capabilities],
        scope=[row.label for row in grant.scope.all()],
    )


def history(grant: Grant) -> list[dict[str, Any]]:
    """What happened to a grant, for the timeline."""
    entries = [
        {
            "at": grant.requested_at,
            "text": _("%(name)s asked for access") % {"name": grant.staff_name},
            "icon": "message-square-text",
            "tone": "neutral",
        }
    ]
    entries += [_decision(row) for row in grant.decisions.order_by("id")]
    if grant.closed_at and grant.status in {GrantStatus.ENDED, GrantStatus.LAPSED}:
        entries.append(
            {
                "at": grant.expires_at or grant.answer_by,
                "text": str(GrantStatus(grant.status).label),
                "icon": "timer-off",
                "tone": "neutral",
            }
        )
    if grant.tampered_at:
        entries.append(
            {
                "at": grant.tampered_at,
                "text": _("The record was changed outside Gatehouse, so it opens nothing"),
                "icon": "shield-alert",
                "tone": "danger",
            }
        )
    return entries


def _decision(row: GrantDecision) -> dict[str, Any]:
    icon, tone = _VERDICTS[Verdict(row.verdict)]
    return {
        "at": row.at,
        "who": row.by_name,
        "text": row.get_verdict_display(),
        "detail": row.note,
        "icon": icon,
        "tone": tone,
    }


@dataclass(frozen=True, slots=True)
class LiveView:
    """What the staff looked at, newest first, and whether somebody is looking now."""

    records: list[AccessRecord]
    total: int
    session: SupportSession | None
    tag: str
    keeps_moving: bool


def live_view(grant: Grant, at: datetime) -> LiveView:
    rows = AccessRecord.objects.filter(grant=grant)
    records = list(rows.order_by("-id")[:LIVE_ROWS])
    total = rows.count()
    session = SupportSession.objects.filter(grant=grant).live(at).first()
    state = grant.state(at)
    newest = records[0].pk.hex if records else ""
    live = str(session.pk.hex) if session else ""
    return LiveView(
        records=records,
        total=total,
        session=session,
        tag=f"{grant.version}-{state}-{total}-{newest[-12:]}-{live[-12:]}",
        keeps_moving=state in rules.OPEN,
    )


def parts_of(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The lines of a bundle under their headings, each with its place in the whole."""
    parts: dict[str, list[dict[str, Any]]] = {}
    for place, line in enumerate(lines):
        parts.setdefault(line["part"], []).append({**line, "place": place})
    return [{"name": name, "lines": found} for name, found in parts.items()]
