"""The statement of a grant: everything that was seen, why, when and for how long."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.utils.translation import gettext as _

from audit.signing import sign
from portal.grants import rules
from portal.grants.models import AccessRecord, Dispute, Grant, SupportSession
from portal.grants.rules import DisputeStatus
from tenants.models import Organization

FORM: Final = "gatehouse-access-statement/1"
CHUNK: Final = 2000
_COLUMNS: Final = (
    "id", "at", "session_id", "kind", "object_id", "label", "fields", "masked", "act",
    "before", "after", "route",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Use:
    """How a grant was used, counted."""

    sessions: int
    time_used: timedelta
    reads: int
    disputed: int


def records_of(grant: Grant) -> Any:
    return AccessRecord.objects.filter(grant=grant)


def use_of(grant: Grant, at: datetime) -> Use:
    sessions = list(SupportSession.objects.filter(grant=grant))
    return Use(
        sessions=len(sessions),
        time_used=sum((time_used(row, at) for row in sessions), timedelta()),
        reads=records_of(grant).count(),
        disputed=Dispute.objects.filter(grant=grant).count(),
    )


def time_used(session: SupportSession, at: datetime) -> timedelta:
    """From its beginning to its end; one that runs counts up to now."""
    return max((session.closed_at or min(at, session.over_at)) - session.opened_at, timedelta())


def header() -> list[str]:
    return [
        _("When (UTC)"), _("Access"), _("Who"), _("Done"), _("Kind"), _("What"),
        _("Shown or changed"), _("Before"), _("After"), _("Values"), _("Way"),
        _("Dispute"), _("Record"),
    ]  # fmt: skip


def cells(grant: Grant) -> Iterator[list[object]]:
    """The rows of the spreadsheet, in the order of reading; two queries however many there are."""
    disputes = _disputes(grant)
    for row in records_of(grant).order_by("id").iterator(chunk_size=CHUNK):
        yield [
            _instant(row.at),
            grant.reference,
            grant.staff_name,
            row.get_act_display(),
            row.kind,
            row.label,
            ", ".join(row.fields),
            _pairs(row.before),
            _pairs(row.after),
            _("hidden") if row.masked else _("none hidden"),
            row.route,
            DisputeStatus(disputes[row.pk]).label if row.pk in disputes else "",
            row.pk,
        ]


def signed_statement(grant: Grant, *, at: datetime, named: bool = True) -> dict[str, Any]:
    """The statement as one signed document.

    Without `named` the objects' names are left out: they are the customer's metadata, and the
    vendor's staff may see them only through the door.
    """
    return sign({**_head(grant, at), "records": list(_records(grant, named=named))})


def _head(grant: Grant, at: datetime) -> dict[str, Any]:
    organization = Organization.objects.current()
    sessions = SupportSession.objects.filter(grant=grant).order_by("id")
    use = use_of(grant, at)
    return {
        "form": FORM,
        "organization": {"id": str(organization.pk), "name": organization.name},
        "made_at": _instant(at),
        "number": grant.reference,
        "case": grant.case.reference,
        "state": str(grant.state(at)),
        "staff": {"id": str(grant.staff_id), "name": grant.staff_name, "country": grant.country},
        "reason_code": grant.reason_code,
        "justification": grant.justification,
        "capabilities": list(grant.capabilities),
        "approved_at": _instant(grant.approved_at),
        "starts_at": _instant(grant.starts_at),
        "expires_at": _instant(grant.expires_at),
        "revoked_at": _instant(grant.revoked_at),
        "is_final": grant.state(at) not in rules.OPEN,
        "sessions": [
            {
                "id": str(row.pk),
                "channel": row.channel,
                "opened_at": _instant(row.opened_at),
                "closed_at": _instant(row.closed_at),
            }
            for row in sessions
        ],
        "seconds_used": int(use.time_used.total_seconds()),
        "reads": use.reads,
    }


def _records(grant: Grant, *, named: bool) -> Iterator[dict[str, Any]]:
    disputes = _disputes(grant)
    rows = records_of(grant).order_by("id").values(*_COLUMNS)
    for row in rows.iterator(chunk_size=CHUNK):
        shown = {
            "id": str(row["id"]),
            "at": _instant(row["at"]),
            "session": str(row["session_id"]),
            "kind": row["kind"],
            "object_id": str(row["object_id"]),
            "fields": row["fields"],
            "masked": row["masked"],
            "act": row["act"],
            "route": row["route"],
            "dispute": disputes.get(row["id"], ""),
        }
        hidden = {"name": row["label"], "before": row["before"], "after": row["after"]}
        yield {**shown, **hidden} if named else shown


def _disputes(grant: Grant) -> dict[Any, str]:
    """The newest dispute of each record, by its state."""
    rows = Dispute.objects.filter(grant=grant).order_by("id")
    return dict(rows.values_list("record_id", "status"))


def _pairs(values: dict[str, object]) -> str:
    return ", ".join(f"{name}: {value}" for name, value in values.items())


def _instant(instant: datetime | None) -> str:
    return instant.isoformat(timespec="microseconds") if instant else ""
