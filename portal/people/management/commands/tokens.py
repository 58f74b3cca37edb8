"""API tokens: listed, and ended."""

from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from portal.people.commanding import by_line, filtered
from portal.people.forms.service_accounts import TokenFilter
from portal.people.listing import tokens_for
from portal.people.machines import TOKEN_STATES, TOKEN_USES, tokens_in
from portal.people.serializers.tokens import TokenOutput
from tenants.actions.tokens import revoke_token
from tenants.commanding import EXIT_CODES, Call, Verb, VerbsCommand, add_dry_run, echoed, unusable
from tenants.models import ApiToken, Membership, ServiceAccount
from tenants.permissions import Permission

AT_ONCE = 500


def _filters(parser: ArgumentParser) -> None:
    parser.add_argument("--search", default="", metavar="TEXT", help="in the name; or a beginning")
    parser.add_argument(
        "--holder", default="", help="a member by e-mail address, a service account by name, or id"
    )
    parser.add_argument("--kind", default="", choices=ApiToken.Kind.values)
    parser.add_argument("--state", default="", choices=list(TOKEN_STATES))
    parser.add_argument("--use", default="", choices=list(TOKEN_USES))


def _list(call: Call) -> None:
    given, actor = call.given, call.actor
    wanted = filtered(
        TokenFilter,
        call,
        q=given["search"],
        **{name: given[name] for name in ("kind", "state", "use")},
    )
    # The page offers those who hold one; whoever holds none is known here too.
    wanted["holder"] = given["holder"] and _holder(given["holder"], call)
    rows = tokens_in(tokens_for(actor, everybody=True), wanted, at=call.at).order_by("-id")
    count = 0
    for row in rows.iterator(chunk_size=AT_ONCE):
        count += 1
        call.answer(TokenOutput(row).data, _line(row, call))
    if not call.as_json:
        call.say(f"{count} found.")


def _holder(given: str, call: Call) -> str:
    """The id that the page's filter knows a holder by."""
    people: QuerySet[Any] = Membership.objects.visible_to(call.actor)
    accounts: QuerySet[Any] = ServiceAccount.objects.visible_to(call.actor)
    try:
        person = machine = Q(pk=UUID(given))
    except ValueError:
        person, machine = Q(email__iexact=given), Q(name=given)
    # One address may have left and come back, one name may have been deleted: the latest is meant.
    latest = people.filter(person).order_by("-pk").first()
    found = latest or accounts.filter(machine).order_by("-pk").first()
    if found is None:
        unusable(f"There is no holder {echoed(given)}.")
    return str(found.pk)


def _line(row: ApiToken, call: Call) -> str:
    holder = row.service_account or row.owner
    used = f"{row.last_used_at:%Y-%m-%d %H:%M} UTC" if row.last_used_at else "never"
    ends = f"{row.expires_at:%Y-%m-%d %H:%M} UTC"
    if row.revoked_at:
        state = f"ended {row.revoked_at:%Y-%m-%d %H:%M} UTC"
    else:
        state = f"works until {ends}" if row.is_usable(at=call.at) else f"expired {ends}"
    kind = str(row.get_kind_display()).lower()
    return f"{row.prefix}… {row.name} ({kind}) of {holder}: {state}; last used {used}"


def _end(call: Call) -> None:
    """All of them or none; one's own last, since what follows it would be refused."""
    found = _asked(call.given["tokens"], call)
    own = call.actor.token.pk if call.actor.token else None
    if not call.is_rehearsed:
        with transaction.atomic():
            for token in sorted(found, key=lambda each: each.pk == own):
                revoke_token(token, actor=call.actor, at=call.at)
    for token in found:
        facts = {"done": not call.is_rehearsed, "id": str(token.pk), "prefix": token.prefix}
        was = " It had ended already." if token.revoked_at else ""
        done = "would stop working" if call.is_rehearsed else "stopped working"
        call.answer(facts, f"{token.prefix}… {token.name} {done}.{was}")


def _asked(given: Sequence[str], call: Call) -> list[ApiToken]:
    """By id or visible beginning, once each; one that is not here stops the whole."""
    named = [_one(text, call) for text in by_line(given)]
    return list({token.pk: token for token in named}.values())


def _one(text: str, call: Call) -> ApiToken:
    try:
        wanted = Q(pk=UUID(text))
    except ValueError:
        wanted = Q(prefix=text.removesuffix("…"))
    rows = tokens_for(call.actor, everybody=True)
    found: ApiToken | None = rows.filter(wanted).first()
    if found is None:
        unusable(f"There is no token {echoed(text)}.")
    return found


def _tokens(parser: ArgumentParser) -> None:
    parser.add_argument(
        "tokens", nargs="+", metavar="token", help="visible beginning or id; - reads them by line"
    )


class Command(VerbsCommand):
    help = f"List and end the API tokens of an organization; never their text. {EXIT_CODES}"
    verbs = (
        Verb("list", Permission.TOKEN_MANAGE, "everybody's tokens", _list, (_filters,)),
        # One's own, or anybody's with the right to manage tokens: the action asks.
        Verb("end", None, "end tokens at once", _end, (_tokens, add_dry_run)),
    )
