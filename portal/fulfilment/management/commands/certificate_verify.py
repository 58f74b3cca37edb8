"""Checks a certificate, or another signed document, with keys that come from elsewhere."""

import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from audit.signing import KeysUnreadable, SignatureWrong, load_keys, verify
from portal.fulfilment.verify_certificate import FORMS, Refused, check_files, summary


class Command(BaseCommand):
    help = "Verify a certificate, statement, bundle or manifest against a key set or a pinned key."
    requires_system_checks: list[str] = []
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("certificate", type=Path, help="The downloaded file (JSON).")
        parser.add_argument(
            "--keys",
            type=Path,
            required=True,
            help="Key set saved from /.well-known/gatehouse-keys.json, or one pinned key. "
            "A key inside the certificate is never trusted.",
        )
        parser.add_argument("--json", action="store_true", help="Answer in one JSON line.")

    def handle(self, *_args: Any, **options: Any) -> None:
        try:
            keys = load_keys(options["keys"])
        except KeysUnreadable as error:
            raise CommandError(str(error), returncode=2) from error
        document = _read(options["certificate"])
        finding = _finding(document, keys, folder=options["certificate"].parent)
        if options["json"]:
            self.stdout.write(json.dumps({"valid": not finding, "finding": finding}))
        if finding:
            raise CommandError(finding, returncode=1)
        if not options["json"]:
            self.stdout.write(summary(document))


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_text(encoding="utf-8"), object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise CommandError(f"{path} is not a certificate: {error}", returncode=2) from error
    if not isinstance(document, dict):
        raise CommandError(f"{path} is not a certificate.", returncode=2)
    return document


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A name that stands twice could show one value and sign the other."""
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise ValueError("a name stands twice")
    return dict(pairs)


def _finding(document: dict[str, Any], keys: Any, *, folder: Path) -> str:
    try:
        verify(document, keys)
        if document.get("form") in FORMS:
            check_files(document, folder)
            return ""
    except (SignatureWrong, Refused) as wrong:
        return str(wrong)
    return "It is signed, but no document that this command knows."
