"""Verbs that change state are declared actions; what is recorded has a name and a sentence."""

import ast
import importlib
from pathlib import Path

import pytest

from audit.names import EventName
from tests.architecture.sources import ROOT, calls, modules, name_of, tree

ACTIONS = [p for p in modules() if p.name == "actions.py" or p.parent.name == "actions"]

# Parts of an action that a second action shares; they run inside the caller's transaction.
SHARED_PARTS = {
    "tenants/actions/entries.py": {"end_entries_of"},
    "tenants/actions/ends.py": {"checked_end", "is_end_near"},
    "tenants/actions/invitations.py": {
        "allowed_domains",
        "keep_place",
        "refuse_domain",
        "role_said",
    },
    "tenants/actions/invited.py": {
        "asked_role",
        "holding_of",
        "may_edit",
        "may_resend",
        "refuse_unopen",
        "with_holdings",
    },
    "tenants/actions/managing.py": {"release_places", "release_roles"},
    "tenants/actions/organizations.py": {"install_vendor"},
    "tenants/actions/teams.py": {"is_open_to", "leads"},
    "tenants/actions/token_ends.py": {"is_token_end_near"},
    "tenants/actions/tokens.py": {"revoke_tokens_of"},
    "tenants/actions/guards.py": {
        "given_role",
        "hold_teams",
        "hold_those_left",
        "keep_an_owner",
        "known_role",
        "least_role",
        "lock_organization",
        "mapped_role",
        "may_give",
        "may_hand_out",
        "named_role",
        "only_by_owners",
        "permissions_of",
    },
    "portal/catalog/actions/imports.py": {"refuse_if_stopped"},
    "portal/catalog/actions/integrations.py": {"refuse_if_deleting"},
    "portal/fulfilment/actions/lanes.py": {"wake_lane"},
    "portal/fulfilment/actions/parking.py": {"park_ticket"},
    "portal/fulfilment/actions/settling.py": {"register_finisher"},
    "portal/fulfilment/actions/waiting.py": {"note_asked", "rest_ticket", "waiting_fields"},
    "portal/grants/actions/agreeing.py": {
        "is_long_stay",
        "keep_agreement",
        "require_owner_if_long",
        "still_missing",
    },
    "portal/grants/actions/decisions.py": {"seal"},
    "portal/grants/actions/ending.py": {
        "close_session",
        "close_sessions",
        "cut_grant",
        "end_grant",
    },
    "portal/grants/actions/reminding.py": {"due_reminder", "remind_once"},
    "portal/grants/actions/requests.py": {"keep_decision", "keep_scope"},
    "portal/grants/actions/settling.py": {"mark_tampered", "settle_overdue"},
    "portal/sso/actions/connections.py": {"refuse_while_in_use"},
    "portal/tickets/actions/answering.py": {"checked", "note_evidence"},
    "portal/tickets/actions/opening.py": {"latest_for", "open_for", "open_ticket"},
    "portal/tickets/actions/revoking.py": {"begin", "begin_sooner", "check_instant", "wake"},
    "tenants/actions/service_accounts.py": {"refuse_beyond"},
    "tenants/actions/stopping.py": {"end_tokens_of"},
}
# Verbs that change nothing anybody could ask about later: a worker goes to the back of its lane.
SILENT = {"release_step"}


@pytest.mark.parametrize("path", ACTIONS, ids=name_of)
def test_every_public_function_of_an_actions_module_is_an_action(path: Path) -> None:
    module = importlib.import_module(name_of(path).removesuffix(".py").replace("/", "."))
    public = [
        node.name
        for node in tree(path).body
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_")
    ]

    undeclared = {name for name in public if not hasattr(getattr(module, name), "permission")}

    assert undeclared == SHARED_PARTS.get(name_of(path), set())


@pytest.mark.parametrize("path", ACTIONS, ids=name_of)
def test_every_action_records_what_it_did(path: Path) -> None:
    functions = {n.name: n for n in tree(path).body if isinstance(n, ast.FunctionDef)}

    silent = {
        name
        for name, node in functions.items()
        if _is_action(node) and not _records(node, functions, set())
    }

    assert silent <= SILENT


def test_every_event_name_is_recorded_somewhere() -> None:
    text = "\n".join(p.read_text(encoding="utf-8") for p in modules() if p.name != "names.py")

    unused = {name for name in EventName if f"EventName.{name.name}" not in text}

    assert unused <= RETIRED


# Named before the action that records them; each goes from here with its action.
RETIRED: set[EventName] = set()


def test_actions_do_not_import_tasks_or_transport() -> None:
    for path in ACTIONS:
        imported = {
            node.module or "" for node in ast.walk(tree(path)) if isinstance(node, ast.ImportFrom)
        }
        wrong = {
            name
            for name in imported
            if name.endswith(".tasks") or name.split(".")[0] in {"rest_framework", "celery"}
        }
        assert wrong == set(), name_of(path)


def test_messages_are_published_by_one_module_only() -> None:
    publishers = {
        name_of(p)
        for p in modules()
        for verb in ("delay", "apply_async", "send_task")
        if any(calls(p, verb))
    }

    assert publishers <= {"portal/queue/publishing.py"}


def _is_action(node: ast.FunctionDef) -> bool:
    return any(
        isinstance(d, ast.Call) and isinstance(d.func, ast.Name) and d.func.id == "action"
        for d in node.decorator_list
    )


def _records(node: ast.FunctionDef, functions: dict[str, ast.FunctionDef], seen: set[str]) -> bool:
    """Directly, through a helper of the module, or through an action it calls."""
    for call in (n for n in ast.walk(node) if isinstance(n, ast.Call)):
        name = call.func.id if isinstance(call.func, ast.Name) else ""
        if name == "record" or (name and name not in functions and _passes_actor(call)):
            return True
        if name in functions and name not in seen:
            seen.add(name)
            if _records(functions[name], functions, seen):
                return True
    return False


def _passes_actor(call: ast.Call) -> bool:
    return any(keyword.arg == "actor" for keyword in call.keywords)


def test_the_walk_of_this_test_knows_the_tree() -> None:
    assert ROOT.joinpath("manage.py").exists()
    assert len(ACTIONS) > 5
