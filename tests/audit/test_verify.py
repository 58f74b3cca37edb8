"""Whatever is done to the log behind its back is found, and named exactly."""

import hashlib
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command

from audit import signing
from audit.canonical import canonical
from audit.identifiers import instant_of
from audit.leaves import leaf_hash_of
from audit.models import Checkpoint, Event, Leaf
from audit.sealing import destroy_keys
from audit.signing import own_keys
from audit.tree import Frontier
from audit.verify import Finding, Kind, Report, verify
from tests.audit.actors import Somebody

pytestmark = pytest.mark.django_db


def check(organization_id: UUID, **more: Any) -> Report:
    return verify(organization_id, keys=own_keys(), **more)


def the_only(report: Report) -> Finding:
    assert len(report.findings) == 1, [str(finding) for finding in report.findings]
    return report.findings[0]


def latest_document(organization_id: UUID) -> dict[str, Any]:
    checkpoint = Checkpoint.objects.filter(organization_id=organization_id).latest("size")
    return json.loads(checkpoint.document)


def test_a_whole_log_passes(sealed: list[UUID], organization_id: UUID) -> None:
    report = check(organization_id, checkpoint=latest_document(organization_id))
    assert report.ok
    assert (report.size, report.verified_size, report.uncovered) == (8, 8, 0)


def test_the_unsealed_tail_is_not_yet_covered(
    sealed: list[UUID], tell: Callable[..., Any], organization_id: UUID
) -> None:
    tell()
    report = check(organization_id)
    assert report.ok
    assert report.uncovered == 1


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("name", "team.deleted"),
        ("body", '{"facts":{"x":1}}'),
        ("sealed", "{}"),
        ("outcome", "refused"),
        ("occurred_at", "2020-01-01 00:00:00+00:00"),
        ("actor_id", None),
        ("request_id", ""),
        ("leaf_hash", b"\x00" * 32),
    ],
)
def test_an_edited_row_is_named(
    sealed: list[UUID],
    organization_id: UUID,
    tamper: Callable[..., Any],
    column: str,
    value: object,
) -> None:
    tamper(f"UPDATE audit_event SET {column} = %s WHERE id = %s", value, sealed[3])  # noqa: S608
    finding = the_only(check(organization_id))
    assert (finding.kind, finding.event_id, finding.position) == (Kind.ALTERED, sealed[3], 3)
    assert (finding.name, finding.occurred_at) == ("team.created", instant_of(sealed[3]))


def test_an_edited_row_in_the_tail_is_named(
    sealed: list[UUID], tell: Callable[..., Any], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    identifier = tell()
    tamper("UPDATE audit_event SET outcome = 'x' WHERE id = %s", identifier)
    assert the_only(check(organization_id)).event_id == identifier


def test_a_deleted_row_is_named(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    tamper("DELETE FROM audit_event WHERE id = %s", sealed[6])
    finding = the_only(check(organization_id))
    assert (finding.kind, finding.event_id, finding.position) == (Kind.MISSING, sealed[6], 6)
    assert finding.name == "team.created"


def test_a_row_deleted_with_its_place_is_named(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    tamper("DELETE FROM audit_event WHERE id = %s", sealed[2])
    tamper("DELETE FROM audit_leaf WHERE event_id = %s", sealed[2])
    finding = the_only(check(organization_id))
    assert (finding.kind, finding.position) == (Kind.MISSING, 2)


def test_reordered_rows_are_named(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    a, b = sealed[5], sealed[6]
    for identifier, position in ((a, 1000), (b, 5), (a, 6)):
        tamper("UPDATE audit_leaf SET position = %s WHERE event_id = %s", position, identifier)
    found = check(organization_id).findings
    assert {(finding.kind, finding.event_id) for finding in found} == {
        (Kind.REORDERED, a),
        (Kind.REORDERED, b),
    }


def test_an_edit_with_all_hashes_recomputed_is_named(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    tamper("UPDATE audit_event SET outcome = 'x' WHERE id = %s", sealed[1])
    forged = leaf_hash_of(Event.objects.get(pk=sealed[1]))
    tamper("UPDATE audit_event SET leaf_hash = %s WHERE id = %s", forged, sealed[1])
    tamper("UPDATE audit_leaf SET digest = %s WHERE event_id = %s", forged, sealed[1])
    finding = the_only(check(organization_id))
    assert (finding.kind, finding.event_id, finding.position) == (Kind.ALTERED, sealed[1], 1)


def cut(organization_id: UUID, tamper: Callable[..., Any], kept: int) -> None:
    """Everything after `kept` events goes, and the head is made to fit."""
    gone = Leaf.objects.filter(organization_id=organization_id, position__gte=kept)
    for leaf in gone:
        tamper("DELETE FROM audit_event WHERE id = %s", leaf.event_id)
        tamper("DELETE FROM audit_leaf WHERE event_id = %s", leaf.event_id)
    frontier = Frontier()
    for leaf in Leaf.objects.filter(organization_id=organization_id).order_by("position"):
        frontier.append(bytes(leaf.digest))
    tamper("UPDATE audit_treehead SET size = %s, frontier = %s", kept, frontier.text())
    tamper("DELETE FROM audit_checkpoint WHERE size > %s", kept)


def test_a_cut_tail_is_found_with_a_downloaded_checkpoint(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    downloaded = latest_document(organization_id)
    cut(organization_id, tamper, kept=5)
    assert check(organization_id).ok
    finding = the_only(check(organization_id, checkpoint=downloaded))
    assert (finding.kind, finding.position) == (Kind.TRUNCATED, 5)
    assert "numbers 6 to 8 were cut off" in finding.message


def test_an_emptied_log_is_found(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    downloaded = latest_document(organization_id)
    cut(organization_id, tamper, kept=0)
    tamper("DELETE FROM audit_treehead")
    assert the_only(check(organization_id, checkpoint=downloaded)).kind == Kind.TRUNCATED


def test_a_head_ahead_of_its_leaves_is_found(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    tamper("UPDATE audit_treehead SET size = 9")
    assert the_only(check(organization_id)).kind == Kind.TRUNCATED


def test_a_history_rebuilt_by_somebody_with_another_key_is_found(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    private = Ed25519PrivateKey.generate()
    forged = {
        **latest_document(organization_id),
        "key": signing.key_id(private.public_key()),
    }
    del forged["signature"]
    forged["signature"] = signing._to_text(private.sign(canonical(forged).encode()))
    tamper("UPDATE audit_checkpoint SET document = %s WHERE size = 8", canonical(forged))
    finding = the_only(check(organization_id))
    assert finding.kind == Kind.CHECKPOINT
    assert "not a trusted key" in finding.message
    assert not check(organization_id, checkpoint=forged).ok


def test_a_checkpoint_of_another_organization_is_refused(
    sealed: list[UUID], organization_id: UUID
) -> None:
    document = {**latest_document(organization_id), "organization": "other"}
    assert not check(organization_id, checkpoint=document).ok
    assert not check(organization_id, checkpoint={"size": 1}).ok


def run(*arguments: str) -> tuple[int, str]:
    out = io.StringIO()
    code = 0
    try:
        call_command("audit_verify", *arguments, stdout=out)
    except SystemExit as ended:
        code = ended.code
    return code, out.getvalue()


def test_the_command_ends_with_what_it_found(
    sealed: list[UUID], organization_id: UUID, tamper: Callable[..., Any], tmp_path: Path
) -> None:
    code, said = run("--organization", str(organization_id))
    assert code == 0
    assert "The log is whole." in said
    checkpoint = tmp_path / "checkpoint.json"
    checkpoint.write_text(json.dumps(latest_document(organization_id)))
    keys = tmp_path / "keys.json"
    keys.write_text(json.dumps(signing.public_keys()))
    assert run("--all", "--keys", str(keys))[0] == 0
    cut(organization_id, tamper, kept=5)
    code, said = run(
        "--organization", str(organization_id), "--checkpoint", str(checkpoint), "--json"
    )
    assert code == 1
    assert json.loads(said)[0]["findings"][0]["kind"] == "truncated"


@pytest.mark.parametrize(
    "arguments",
    [
        ("--organization", "00000000-0000-7000-8000-000000000000", "--checkpoint", "/nowhere"),
        ("--all", "--keys", "/nowhere"),
    ],
)
def test_the_command_called_wrongly_says_how(arguments: str) -> None:
    with pytest.raises(CommandError) as refused:
        call_command("audit_verify", *arguments)
    assert refused.value.returncode == 2


def test_erasing_a_person_leaves_the_tree_whole(
    sealed: list[UUID], organization_id: UUID, actor: Somebody
) -> None:
    assert destroy_keys(organization_id=organization_id, purpose="person", subject=str(actor.id))
    report = check(organization_id, checkpoint=latest_document(organization_id))
    assert report.ok
    assert Event.objects.get(pk=sealed[0]).people()["actor"] == "a removed person"


def test_the_leaf_hash_is_over_every_stored_column(sealed: list[UUID]) -> None:
    event = Event.objects.get(pk=sealed[0])
    fields = [field.attname for field in Event._meta.concrete_fields]
    columns = {name: getattr(event, name) for name in fields if name != "leaf_hash"}
    spelled = b"\x00" + canonical(columns).encode()
    assert hashlib.sha256(spelled).digest() == bytes(event.leaf_hash)
