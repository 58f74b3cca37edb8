"""Check the audit log, and name exactly what was changed behind its back."""

import json
import sys
from argparse import ArgumentParser
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import BaseCommand, CommandError
from django.db import connection

from audit.instants import to_text
from audit.models import TreeHead
from audit.signing import KeysUnreadable, load_keys, own_keys
from audit.verify import Finding, Report, verify

_USAGE = 2


class Command(BaseCommand):
    help = (
        "Recomputes every event's hash, the tree, and the signed checkpoints. "
        "Ends with 0 when all of it holds, 1 with findings, 2 when called wrongly."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        whom = parser.add_mutually_exclusive_group(required=True)
        whom.add_argument("--organization", help="its short name in the address, or its id")
        whom.add_argument("--all", action="store_true", help="every organization")
        parser.add_argument("--checkpoint", type=Path, help="a checkpoint downloaded before")
        parser.add_argument("--keys", type=Path, help="the public keys to trust: JWKS or PEM")
        parser.add_argument("--json", action="store_true", help="one JSON document instead of text")

    def handle(self, *_args: Any, **options: Any) -> None:
        keys = self._keys(options["keys"])
        checkpoint = self._checkpoint(options["checkpoint"])
        if options["all"] and checkpoint is not None:
            raise CommandError("A checkpoint belongs to one organization.", returncode=_USAGE)
        reports = [
            self._verify(organization_id, keys, checkpoint)
            for organization_id in self._organizations(options["organization"])
        ]
        if options["json"]:
            self.stdout.write(json.dumps([_as_json(report) for report in reports], indent=2))
        else:
            for report in reports:
                self._print(report)
        if not all(report.ok for report in reports):
            sys.exit(1)

    def _verify(
        self,
        organization_id: UUID,
        keys: dict[str, Ed25519PublicKey],
        checkpoint: dict[str, Any] | None,
    ) -> Report:
        with _reading_all():
            return verify(organization_id, keys=keys, checkpoint=checkpoint)

    def _keys(self, path: Path | None) -> dict[str, Ed25519PublicKey]:
        try:
            return load_keys(path) if path else own_keys()
        except KeysUnreadable as unreadable:
            raise CommandError(str(unreadable), returncode=_USAGE) from unreadable

    def _checkpoint(self, path: Path | None) -> dict[str, Any] | None:
        if path is None:
            return None
        try:
            document = json.loads(path.read_bytes())
        except (OSError, ValueError, RecursionError) as unreadable:
            message = f"{path} is not a checkpoint: {unreadable}"
            raise CommandError(message, returncode=_USAGE) from unreadable
        if not isinstance(document, dict):
            raise CommandError(f"{path} is not a checkpoint.", returncode=_USAGE)
        return document

    def _organizations(self, named: str | None) -> list[UUID]:
        if named is None:
            with _reading_all():
                heads = TreeHead.objects.order_by("organization_id")
                return list(heads.values_list("organization_id", flat=True))
        try:
            return [UUID(named)]
        except ValueError:
            return [_id_of(named)]

    def _print(self, report: Report) -> None:
        self.stdout.write(f"Organization {report.organization_id}")
        covered = f"up to number {report.verified_size}" if report.verified_size else "nothing"
        signed = f", signed {to_text(report.verified_at)}" if report.verified_at else ""
        self.stdout.write(
            f"  {report.size} events sealed, {report.checkpoints} checkpoints; "
            f"verified {covered}{signed}; {report.uncovered} not yet covered."
        )
        for finding in report.findings:
            self.stdout.write(self.style.ERROR(f"  {finding}"))
        verdict = "The log is whole." if report.ok else f"{len(report.findings)} finding(s)."
        self.stdout.write(f"  {verdict}")


@contextmanager
def _reading_all() -> Iterator[None]:
    """Sees past row-level security, where the database has it; this package knows no tenants."""
    _system("on")
    try:
        yield
    finally:
        _system("")


def _system(state: str) -> None:
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT set_config('gatehouse.system', %s, false)", [state])


def _id_of(slug: str) -> UUID:
    with _reading_all(), connection.cursor() as cursor:
        cursor.execute("SELECT id FROM tenants_organization WHERE slug = %s", [slug])
        row = cursor.fetchone()
    if row is None:
        raise CommandError(f"There is no organization “{slug}”.", returncode=_USAGE)
    return row[0] if isinstance(row[0], UUID) else UUID(row[0])


def _as_json(report: Report) -> dict[str, Any]:
    return {
        "organization": str(report.organization_id),
        "ok": report.ok,
        "events": report.size,
        "root": report.root,
        "checkpoints": report.checkpoints,
        "verified_events": report.verified_size,
        "verified_at": to_text(report.verified_at) if report.verified_at else None,
        "not_yet_covered": report.uncovered,
        "findings": [_finding_as_json(finding) for finding in report.findings],
    }


def _finding_as_json(finding: Finding) -> dict[str, Any]:
    return {
        "kind": finding.kind,
        "message": finding.message,
        "event": str(finding.event_id) if finding.event_id else None,
        "position": finding.position,
        "name": finding.name,
        "occurred_at": to_text(finding.occurred_at) if finding.occurred_at else None,
    }
