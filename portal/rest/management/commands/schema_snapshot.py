"""Writes the API's description to docs/openapi.json, or checks that the file is up to date."""

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from drf_spectacular.drainage import GENERATOR_STATS

from portal.rest.describing import description_text


class Command(BaseCommand):
    help = "Write docs/openapi.json; with --check compare only (exit code 1 when it differs)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="compare, write nothing")

    def handle(self, *_args: Any, **options: Any) -> None:
        path = Path(settings.BASE_DIR) / "docs" / "openapi.json"
        text = description_text()
        if GENERATOR_STATS:
            self.stderr.write("The description has gaps; see the warnings above.")
            sys.exit(1)
        if options["check"]:
            self._check(path, text)
            return
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
        self.stdout.write(f"Wrote {path}.")

    def _check(self, path: Path, text: str) -> None:
        if path.exists() and path.read_text(encoding="utf-8") == text:
            self.stdout.write("The API's description is up to date.")
            return
        self.stderr.write(f"{path} differs from the code: run manage.py schema_snapshot.")
        sys.exit(1)
