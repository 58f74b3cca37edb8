"""`python -m tests.chaos`: run every trouble and print the figures; ends with 1 if a bar breaks."""

import argparse
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path

from tests.chaos import clock, servers

HOME = "CHAOS_HOME"


def main() -> int:
    options = _options()
    why = servers.missing()
    if why:
        print(f"The chaos suite cannot run here: {why}.", file=sys.stderr)
        return 2
    if HOME not in os.environ:
        _begin_again()
    folder = Path(os.environ[HOME])
    try:
        good = rehearse(folder, options)
    finally:
        if options.keep:
            print(f"Logs: {folder}/log")
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


def _begin_again() -> None:
    """In this process, with the clock that jumps under it and its children."""
    folder = Path(tempfile.mkdtemp(prefix="gatehouse-chaos-"))
    folder.chmod(0o711)  # PostgreSQL runs as somebody else
    clock.build(folder)
    environment = {**os.environ, **clock.environment(folder), HOME: str(folder)}
    os.execve(sys.executable, [sys.executable, "-m", "tests.chaos", *sys.argv[1:]], environment)  # noqa: S606


def rehearse(folder: Path, options: argparse.Namespace) -> bool:
    from tests.chaos.stack import Stack, use_settings  # noqa: PLC0415  (after the arguments)

    stack = Stack(folder)
    try:
        _say("preparing PostgreSQL, Redis and the tables")
        stack.prepare(options.template)
        use_settings(stack)
        _say("starting three workers, three beats and the web server")
        stack.start()
        stack.until_ready()
        return _run_all(stack, options)
    finally:
        stack.end()


def _run_all(stack: object, options: argparse.Namespace) -> bool:
    from tests.chaos.reporting import HEADER, line, troubles_of  # noqa: PLC0415  (needs Django)
    from tests.chaos.running import Rehearsal  # noqa: PLC0415

    rehearsal = Rehearsal(stack)  # type: ignore[arg-type]
    share, more = divmod(max(options.tickets, len(options.trouble)), len(options.trouble))
    broken = 0
    print(HEADER, flush=True)
    for number, trouble in enumerate(options.trouble):
        tickets = share + (number < more)
        outcome = rehearsal.run(trouble, tickets=tickets, seconds=options.seconds)
        broken += len(outcome.broken(timed=not options.not_timed))
        print(line(outcome), flush=True)
        for found in troubles_of(outcome, timed=not options.not_timed):
            print(f"    {found}", flush=True)
    print("every bar holds" if not broken else f"{broken} bars do not hold")
    return not broken


def _options() -> argparse.Namespace:
    names = ["kill", "refuse", "hang", "database", "clock", "together"]
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--tickets", type=int, default=1000, help="in all runs together")
    parser.add_argument("--seconds", type=float, default=60, help="how long each trouble lasts")
    parser.add_argument("--trouble", action="append", choices=names, help="only this one")
    parser.add_argument("--template", type=Path, help="keep the empty database here, or take it")
    parser.add_argument(
        "--not-timed", action="store_true", help="on a busy machine: correctness alone counts"
    )
    parser.add_argument("--keep", action="store_true", help="leave the logs")
    options = parser.parse_args()
    options.trouble = options.trouble or names
    return options


def _say(words: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {words}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
