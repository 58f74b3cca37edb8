#!/usr/bin/env python
"""The command line of Gatehouse."""

import os
import sys

# These change the schema, so they log in as the owner of the tables, never as the application.
OWNER_COMMANDS = frozenset({"migrate", "protect"})


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in OWNER_COMMANDS:
        os.environ["DATABASE_AS_OWNER"] = "true"
    from django.core.management import execute_from_command_line  # noqa: PLC0415

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
