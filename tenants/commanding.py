"""What the commands about a workspace share: who acts, in whose scope, and how they answer."""

import io
import json
import os
import sys
from argparse import ArgumentParser, ArgumentTypeError
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, NoReturn

from django.core.management.base import BaseCommand, CommandError, OutputWrapper

from audit.refusals import Invalid, Malformed, NotFound, Refusal, StepUpNeeded
from tenants.access import Actor, command_line_actor, record_refusal
from tenants.clock import now
from tenants.holding import refuse_if_held
from tenants.models import Organization
from tenants.permissions import Permission
from tenants.resolving import RequestFacts, actor_for_token, organization_of_slug
from tenants.scoping import organization_scope
from tenants.tokens import TokenRefused, authenticate_token

# Refused by a rule or by what changed meanwhile; else what was given names nothing, or is unfit.
REFUSED, UNUSABLE = 1, 2
# As shells say of a command whose reader went away.
READER_LEFT: Final = 141
EXIT_CODES: Final = "Exit codes: 0 done, 1 refused, 2 unknown here or not usable."
LONGEST_TOKEN: Final = 1000
LONGEST_ECHO: Final = 100
SHOWN_OF_TEXT: Final = "\n\t"


def unusable(said: str) -> NoReturn:
    """What was given names nothing here, or cannot be used. Raises CommandError."""
    raise CommandError(said, returncode=UNUSABLE)


def echoed(given: str) -> str:
    """What was given, short enough to be read in an answer about it."""
    return repr(given if len(given) <= LONGEST_ECHO else f"{given[:LONGEST_ECHO]}…")


def printable(text: str) -> str:
    """Names are other people's text: none of it moves the cursor of whoever reads the list."""
    return "".join(
        each if each.isprintable() or each in SHOWN_OF_TEXT else "\N{REPLACEMENT CHARACTER}"
        for each in text
    )


def _speaks_utf8() -> bool:
    return (sys.stdout.encoding or "").lower().replace("-", "") == "utf8"


@dataclass(frozen=True, slots=True)
class Call:
    """A command at work: who acts and when, what was given, where the answer goes."""

    actor: Actor
    at: datetime
    verb: str
    given: Mapping[str, Any]
    out: OutputWrapper

    @property
    def as_json(self) -> bool:
        return bool(self.given["json"])

    @property
    def is_rehearsed(self) -> bool:
        """Only to be told what would happen."""
        return bool(self.given.get("dry_run"))

    def say(self, line: str) -> None:
        self.out.write(printable(line))

    def answer(self, facts: Mapping[str, Any], line: str) -> None:
        """The facts as one line of JSON, or the line for people."""
        if self.as_json:
            self.out.write(json.dumps(facts, ensure_ascii=not _speaks_utf8(), default=str))
        else:
            self.say(line)


Arguments = Callable[[ArgumentParser], None]


class WorkspaceCommand(BaseCommand):
    """A command in one organization.

    It acts as the command line of the server, which needs no confirmation of oneself, or as the
    holder of a token: with the rights, the limits and the step-up that the API asks of them.
    """

    needs: ClassVar[Permission | None] = None

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_common(parser)

    def handle(self, *_args: Any, **options: Any) -> None:
        for name, value in options.items():
            refuse_control(name, value)
        organization = asked_organization(options["organization"])
        with answers_go_out(), refusals_told(), organization_scope(organization.pk):
            at = now()
            actor = _acting(organization, options["token_file"], at=at)
            call = Call(actor, at, self.verb_name(options), options, self.stdout)
            _permitted(actor, self.needed(options), verb=call.verb)
            self.work(call)

    def needed(self, _options: Mapping[str, Any]) -> Permission | None:
        return self.needs

    def verb_name(self, _options: Mapping[str, Any]) -> str:
        return type(self).__module__.rpartition(".")[2]

    def work(self, call: Call) -> None:
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Verb:
    """One thing a command does, and the permission without which it is refused at once."""

    name: str
    needs: Permission | None
    help: str
    run: Callable[[Call], None]
    arguments: Sequence[Arguments] = ()


class VerbsCommand(WorkspaceCommand):
    """A command with a verb first: `manage.py teams list --organization acme`."""

    verbs: ClassVar[Sequence[Verb]] = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        offered = parser.add_subparsers(dest="verb", required=True, metavar="verb")
        for verb in self.verbs:
            one = offered.add_parser(verb.name, help=verb.help, description=verb.help)
            add_common(one)
            for arguments in verb.arguments:
                arguments(one)

    def needed(self, options: Mapping[str, Any]) -> Permission | None:
        return self._verb(options).needs

    def verb_name(self, options: Mapping[str, Any]) -> str:
        return f"{super().verb_name(options)}_{options['verb']}"

    def work(self, call: Call) -> None:
        self._verb(call.given).run(call)

    def _verb(self, options: Mapping[str, Any]) -> Verb:
        return next(verb for verb in self.verbs if verb.name == options["verb"])


def add_common(parser: ArgumentParser) -> None:
    parser.add_argument("--organization", required=True, help="its address, such as acme")
    parser.add_argument(
        "--token-file",
        metavar="FILE",
        help="act as the holder of the API token in this file, - for standard input;"
        " without it as the server's command line",
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on each line")


def add_dry_run(parser: ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would happen")


def add_preview(parser: ArgumentParser) -> None:
    """A change whose effect can be looked at first, and then made only if it is still that."""
    either = parser.add_mutually_exclusive_group()
    either.add_argument(
        "--dry-run", action="store_true", help="only say what would happen, with its digest"
    )
    either.add_argument(
        "--digest", default="", help="of a dry run: do it only if exactly that would happen"
    )


def asked_organization(slug: str) -> Organization:
    organization = organization_of_slug(slug)
    if organization is None:
        unusable(f"There is no organization {echoed(slug)}.")
    return organization


@contextmanager
def refusals_told() -> Iterator[None]:
    """A refusal ends the command with its words and an exit code."""
    try:
        yield
    except Refusal as refusal:
        is_unfit = isinstance(refusal, Invalid | Malformed | NotFound)
        raise CommandError(
            printable(_said(refusal)), returncode=UNUSABLE if is_unfit else REFUSED
        ) from refusal


@contextmanager
def answers_go_out() -> Iterator[None]:
    """No answer fails on its way out.

    Whoever reads it may stop, as `head` does: what was done stays done.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        # Names have letters that a terminal may not know.
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        # Python would flush once more at its end, and complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(READER_LEFT)


def day(text: str) -> date:
    """An option's value as a day, or the sentence that says how one is written."""
    try:
        return date.fromisoformat(text)
    except ValueError as wrong:
        said = f"{echoed(text)} is no day. Write it like 2027-03-31."
        raise ArgumentTypeError(said) from wrong


def _said(refusal: Refusal) -> str:
    if isinstance(refusal, StepUpNeeded):
        return (
            "This needs a proof that it is you. Confirm it in the browser, then run the command"
            " again within 5 minutes, with a personal token."
        )
    errors: Mapping[str, Sequence[str]] = getattr(refusal, "errors", {})
    lines = [f"{field}: {' '.join(map(str, said))}" for field, said in errors.items()]
    return "\n".join([str(refusal.message), *lines])


def _permitted(actor: Actor, needed: Permission | None, *, verb: str) -> None:
    """Raises NotPermitted, and leaves the attempt in the log, as at the other doors."""
    if needed is None:
        return
    try:
        actor.require(needed)
    except Refusal as refusal:
        record_refusal(refusal, actor=actor, verb=verb)
        raise


def _acting(organization: Organization, token_file: str | None, *, at: datetime) -> Actor:
    refuse_if_held(organization.pk)
    if token_file is None:
        return command_line_actor(organization)
    # Nobody comes over the network: a token that is bound to addresses does not work here.
    token = authenticate_token(_read_token(token_file), at=at)
    if token.organization_id != organization.pk:
        raise TokenRefused("This token is unknown, expired or revoked.")
    return actor_for_token(token, facts=RequestFacts(), at=at)


def _read_token(name: str) -> str:
    try:
        if name == "-":
            # The first line: what follows may be names for the command.
            return sys.stdin.readline(LONGEST_TOKEN).strip()
        with Path(name).open(encoding="ascii") as file:
            return file.read(LONGEST_TOKEN).strip()
    except (OSError, ValueError) as error:
        why = error.strerror if isinstance(error, OSError) else "This is no token"
        unusable(f"--token-file: {why}.")


def refuse_control(name: str, value: Any) -> None:
    """Text that no name, reason or address may hold; a shell passes on any bytes. Raises."""
    for text in value if isinstance(value, list) else [value]:
        if isinstance(text, str) and any(_is_control(each) for each in text):
            unusable(f"{name}: Text may not contain control characters or broken letters.")


def _is_control(letter: str) -> bool:
    is_surrogate = "\ud800" <= letter <= "\udfff"
    return is_surrogate or (letter < " " and letter not in SHOWN_OF_TEXT)
