"""Positions, roots and checkpoints."""

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from audit import signing
from audit.identifiers import instant_of, new_id
from audit.models import Event, Leaf, TreeHead
from audit.tree import (
    CHECKPOINT_EVERY,
    Frontier,
    checkpoints_due,
    make_checkpoint,
    pending_organizations,
    seal_pending,
    unsealed,
)
from tests.audit.conftest import AT

pytestmark = pytest.mark.django_db


def by_definition(leaves: list[bytes]) -> bytes:
    """RFC 9162, 2.1.1, word for word."""
    if not leaves:
        return hashlib.sha256().digest()
    if len(leaves) == 1:
        return leaves[0]
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    joined = by_definition(leaves[:split]) + by_definition(leaves[split:])
    return hashlib.sha256(b"\x01" + joined).digest()


def test_the_root_is_the_standards() -> None:
    leaves = [hashlib.sha256(bytes([number])).digest() for number in range(70)]
    frontier = Frontier()
    assert frontier.root() == by_definition([])
    for size, leaf in enumerate(leaves, 1):
        frontier.append(leaf)
        assert frontier.root() == by_definition(leaves[:size])


def test_sealing_gives_gapless_positions_in_order(
    tell: Callable[..., Any], organization_id: UUID
) -> None:
    ids = [tell() for _ in range(5)]
    assert seal_pending(organization_id) == 5
    assert seal_pending(organization_id) == 0
    leaves = Leaf.objects.filter(organization_id=organization_id).order_by("position")
    assert [leaf.position for leaf in leaves] == list(range(5))
    assert [leaf.event_id for leaf in leaves] == ids
    assert not unsealed(organization_id).exists()


def test_a_late_commit_is_sealed_after(
    tell: Callable[..., Any], organization_id: UUID, tamper: Callable[..., Any]
) -> None:
    tell()
    late, early = tell(), tell()
    seal_pending(organization_id)
    tamper("DELETE FROM audit_leaf WHERE organization_id = %s", organization_id)
    TreeHead.objects.all().delete()
    row = Event.objects.get(pk=late)
    Event.objects.filter(pk=late).delete()
    seal_pending(organization_id)
    row.save(force_insert=True)
    assert seal_pending(organization_id) == 1
    assert Leaf.objects.get(event_id=late).position == 2
    assert Leaf.objects.get(event_id=early).position == 1


def test_a_very_late_commit_waits_for_the_thorough_pass(
    tell: Callable[..., Any], organization_id: UUID
) -> None:
    identifier = tell()
    head = TreeHead(organization_id=organization_id, watermark=new_id())
    head.save()
    assert seal_pending(organization_id) == 0
    assert seal_pending(organization_id, thorough=True) == 1
    assert Leaf.objects.filter(event_id=identifier).exists()


def test_a_checkpoint_is_signed_and_made_once(sealed: list[UUID], organization_id: UUID) -> None:
    assert make_checkpoint(organization_id, at=AT) is None
    assert checkpoints_due(at=AT + CHECKPOINT_EVERY) == []


def test_a_checkpoint_tells_size_root_and_digests(
    tell: Callable[..., Any], organization_id: UUID
) -> None:
    for _ in range(3):
        tell()
    seal_pending(organization_id)
    assert checkpoints_due(at=AT) == [organization_id]
    checkpoint = make_checkpoint(organization_id, at=AT)
    document = json.loads(checkpoint.document)
    signing.verify(document, signing.own_keys())
    assert (document["size"], document["since"], len(document["digests"])) == (3, 0, 3)
    leaves = Leaf.objects.order_by("position")
    assert document["root"] == by_definition([bytes(leaf.digest) for leaf in leaves]).hex()


def test_who_waits_for_sealing(tell: Callable[..., Any], organization_id: UUID) -> None:
    identifier = tell()
    at = instant_of(identifier)
    assert pending_organizations(since=at - timedelta(minutes=1)) == [organization_id]
    assert pending_organizations(since=at + timedelta(minutes=1)) == []
    assert pending_organizations(since=None) == [organization_id]


def test_a_checkpoint_is_due_after_a_minute_or_a_hundred_events(
    tell: Callable[..., Any], sealed: list[UUID], organization_id: UUID
) -> None:
    tell()
    seal_pending(organization_id)
    assert checkpoints_due(at=AT) == []
    assert checkpoints_due(at=AT + CHECKPOINT_EVERY) == [organization_id]
    for _ in range(99):
        tell()
    seal_pending(organization_id)
    assert checkpoints_due(at=AT) == [organization_id]
