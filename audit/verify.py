"""Checking the log: every row, every place, every signature, and a checkpoint kept elsewhere."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from audit import signing
from audit.identifiers import instant_of
from audit.instants import to_text
from audit.leaves import leaf_hash_of
from audit.models import Checkpoint, Event, Leaf, TreeHead
from audit.tree import SHORT_DIGEST, Frontier, unsealed

CHUNK: Final = 1000


class Kind(StrEnum):
    ALTERED = "altered"
    MISSING = "missing"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    CHECKPOINT = "checkpoint"
    HEAD = "head"


@dataclass(frozen=True)
class Finding:
    """Something is wrong, and where: the event's id, position, name and time when known."""

    kind: Kind
    message: str
    event_id: UUID | None = None
    position: int | None = None
    name: str = ""
    occurred_at: datetime | None = None

    def __str__(self) -> str:
        # People count from 1; `position` is the place in the tree, from 0.
        parts = [f"number {self.position + 1}"] if self.position is not None else []
        parts += [self.name] if self.name else []
        parts += [f"at {to_text(self.occurred_at)}"] if self.occurred_at else []
        parts += [f"id {self.event_id}"] if self.event_id else []
        where = f"event {', '.join(parts)}: " if parts else ""
        return f"{self.kind}: {where}{self.message}"


@dataclass
class Report:
    """What was looked at, and what was found."""

    organization_id: UUID
    size: int = 0
    root: str = ""
    checkpoints: int = 0
    verified_size: int = 0
    verified_at: datetime | None = None
    uncovered: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(frozen=True)
class _Signed:
    """A checkpoint whose signature held."""

    size: int
    root: str
    since: int
    digests: list[str]
    at: datetime


def verify(
    organization_id: UUID,
    *,
    keys: Mapping[str, Ed25519PublicKey],
    checkpoint: Mapping[str, Any] | None = None,
) -> Report:
    """Walk the whole log. `keys` are the ones to trust; `checkpoint` is a copy kept outside."""
    report = Report(organization_id)
    head = TreeHead.objects.filter(pk=organization_id).first()
    report.size = head.size if head else 0
    signed = _signed_checkpoints(report, keys)
    outside = _outside(report, keys, checkpoint) if checkpoint is not None else []
    expected = {at.size: at for at in [*outside, *signed]}
    frontier = _walk(report, expected)
    report.root = frontier.root().hex()
    _check_head(report, head, frontier)
    _check_cut(report, frontier, [*signed, *outside])
    _check_tail(report)
    return report


def _signed_checkpoints(report: Report, keys: Mapping[str, Ed25519PublicKey]) -> list[_Signed]:
    rows = Checkpoint.objects.filter(organization_id=report.organization_id).order_by("size")
    held = []
    for row in rows.iterator(CHUNK):
        report.checkpoints += 1
        try:
            held.append(_judged(json.loads(row.document), report.organization_id, keys))
        except (signing.SignatureWrong, ValueError, KeyError, TypeError) as wrong:
            message = f"The checkpoint over {row.size} events does not hold. {wrong}"
            report.findings.append(Finding(Kind.CHECKPOINT, message))
    return held


def _outside(
    report: Report, keys: Mapping[str, Ed25519PublicKey], document: Mapping[str, Any]
) -> list[_Signed]:
    try:
        return [_judged(document, report.organization_id, keys)]
    except (signing.SignatureWrong, ValueError, KeyError, TypeError) as wrong:
        message = f"The checkpoint in the file does not hold. {wrong}"
        report.findings.append(Finding(Kind.CHECKPOINT, message))
        return []


def _judged(
    document: Mapping[str, Any], organization_id: UUID, keys: Mapping[str, Ed25519PublicKey]
) -> _Signed:
    signing.verify(document, keys)
    if document["organization"] != str(organization_id):
        raise ValueError("It was made for another workspace.")
    return _Signed(
        size=int(document["size"]),
        root=str(document["root"]),
        since=int(document["since"]),
        digests=[str(digest) for digest in document["digests"]],
        at=datetime.fromisoformat(document["at"]),
    )


def _walk(report: Report, expected: Mapping[int, _Signed]) -> Frontier:
    """Rebuild the tree from the stored leaves, comparing each event and each signed root."""
    frontier = Frontier()
    for leaf, event in _leaves(report.organization_id):
        while frontier.size < leaf.position:
            report.findings.append(_gone(frontier.size))
            frontier.append(b"\x00" * 32)
        _compare(report, leaf, event)
        frontier.append(bytes(leaf.digest))
        signed = expected.get(frontier.size)
        if signed:
            _compare_root(report, signed, frontier)
    return frontier


def _leaves(organization_id: UUID) -> Iterator[tuple[Leaf, Event | None]]:
    after = -1
    while True:
        leaves = list(
            Leaf.objects.filter(organization_id=organization_id, position__gt=after).order_by(
                "position"
            )[:CHUNK]
        )
        if not leaves:
            return
        events = Event.objects.filter(organization_id=organization_id).in_bulk(
            [leaf.event_id for leaf in leaves]
        )
        yield from ((leaf, events.get(leaf.event_id)) for leaf in leaves)
        after = leaves[-1].position


def _compare(report: Report, leaf: Leaf, event: Event | None) -> None:
    if event is None:
        report.findings.append(_finding(Kind.MISSING, leaf, "It was deleted from the log."))
        return
    actual = leaf_hash_of(event)
    if actual != bytes(leaf.digest) or actual != bytes(event.leaf_hash):
        report.findings.append(_finding(Kind.ALTERED, leaf, "Its row was changed after writing."))


def _finding(kind: Kind, leaf: Leaf, message: str) -> Finding:
    return Finding(
        kind,
        message,
        event_id=leaf.event_id,
        position=leaf.position,
        name=leaf.name,
        occurred_at=instant_of(leaf.event_id),
    )


def _gone(position: int) -> Finding:
    return Finding(Kind.MISSING, "Its place in the log is gone.", position=position)


def _compare_root(report: Report, signed: _Signed, frontier: Frontier) -> None:
    if frontier.root().hex() == signed.root:
        report.verified_size, report.verified_at = signed.size, signed.at
        return
    named = _misplaced(report.organization_id, signed)
    known = {finding.position for finding in report.findings}
    report.findings.extend(finding for finding in named if finding.position not in known)
    if not named and not known:
        message = f"The first {signed.size} events are not the ones that were signed."
        report.findings.append(Finding(Kind.HEAD, message))


def _misplaced(organization_id: UUID, signed: _Signed) -> list[Finding]:
    """Leaves that differ from the digests listed in the signed checkpoint."""
    leaves = Leaf.objects.filter(
        organization_id=organization_id, position__gte=signed.since, position__lt=signed.size
    ).order_by("position")
    promised = set(signed.digests)
    findings = []
    for leaf in leaves.iterator(CHUNK):
        digest = bytes(leaf.digest).hex()[:SHORT_DIGEST]
        if digest == signed.digests[leaf.position - signed.since]:
            continue
        kind = Kind.REORDERED if digest in promised else Kind.ALTERED
        said = "It stands in another place." if digest in promised else "Its digest was rewritten."
        findings.append(_finding(kind, leaf, f"{said} The signed checkpoint says otherwise."))
    return findings


def _check_head(report: Report, head: TreeHead | None, frontier: Frontier) -> None:
    if head is None or report.findings:
        return
    # Sealing may have gone on during the walk; only a head that is ahead of its leaves is wrong.
    if head.size > frontier.size:
        message = f"The log counts {head.size} events, but only {frontier.size} are there."
        report.findings.append(Finding(Kind.TRUNCATED, message))
    elif head.size == frontier.size and Frontier.of(head).root() != frontier.root():
        message = "The stored state of the tree does not fit the events."
        report.findings.append(Finding(Kind.HEAD, message))


def _check_cut(report: Report, frontier: Frontier, signed: list[_Signed]) -> None:
    longest = max(signed, key=lambda one: one.size, default=None)
    if longest is None or longest.size <= frontier.size:
        return
    message = (
        f"A checkpoint of {to_text(longest.at)} covers {longest.size} events, "
        f"but only {frontier.size} are there: numbers {frontier.size + 1} to {longest.size} "
        "were cut off."
    )
    report.findings.append(Finding(Kind.TRUNCATED, message, position=frontier.size))


def _check_tail(report: Report) -> None:
    """Events without a place yet: not covered, but their own hash must fit already."""
    for event in unsealed(report.organization_id).iterator(CHUNK):
        report.uncovered += 1
        if leaf_hash_of(event) != bytes(event.leaf_hash):
            message = "Its row was changed before it was sealed."
            report.findings.append(
                Finding(Kind.ALTERED, message, event.id, None, event.name, event.occurred_at)
            )
