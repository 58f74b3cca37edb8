"""What is kept: data keys, events, their places in the hash tree, and signed checkpoints."""

import json
from functools import cached_property
from typing import Any, ClassVar, Protocol
from uuid import UUID

from django.db import models
from django.db.models import Q

from audit.identifiers import new_id


class DataKey(models.Model):
    """A wrapped key. Destroying it makes every value sealed under it unreadable for good."""

    # Keys of the nil organization seal what belongs to a person and to no organization.
    has_platform_rows: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    purpose = models.CharField(max_length=32)
    subject = models.CharField(max_length=64, blank=True)
    version = models.PositiveSmallIntegerField(default=1)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    destroyed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "purpose", "subject", "version"],
                name="audit_datakey_one_per_version",
            ),
            models.CheckConstraint(
                name="audit_datakey_destroyed_has_no_key",
                condition=Q(wrapped__isnull=True, destroyed_at__isnull=False)
                | Q(wrapped__isnull=False, destroyed_at__isnull=True),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} {self.subject} {self.version}"

    def about(self) -> str:
        return f"{self.organization_id}|{self.purpose}|{self.subject}|{self.version}|{self.id}"


class Reader(Protocol):
    """Whoever reads a log: of one organization, always."""

    @property
    def organization_id(self) -> UUID: ...


class EventQuerySet(models.QuerySet["Event"]):
    """Questions to the log."""

    def visible_to(self, reader: Reader) -> "EventQuerySet":
        return self.filter(organization_id=reader.organization_id)


class Event(models.Model):
    """One recorded fact. Never changed, never deleted; personal values are in `sealed` only."""

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    name = models.CharField(max_length=64)
    version = models.PositiveSmallIntegerField(default=1)
    occurred_at = models.DateTimeField()
    actor_kind = models.CharField(max_length=16)
    actor_id = models.UUIDField(null=True)
    target_kind = models.CharField(max_length=32, blank=True)
    target_id = models.UUIDField(null=True)
    reference = models.CharField(max_length=32, blank=True)
    outcome = models.CharField(max_length=16)
    grant_id = models.UUIDField(null=True)
    session_id = models.CharField(max_length=64, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    body = models.TextField()
    sealed = models.TextField()
    leaf_hash = models.BinaryField(max_length=32)

    objects = EventQuerySet.as_manager()

    class Meta:
        # The primary key ends each index: pages go back in time by id.
        indexes = [
            models.Index(fields=["organization_id", "id"], name="audit_event_page"),
            models.Index(fields=["organization_id", "name", "id"], name="audit_event_name"),
            models.Index(fields=["organization_id", "actor_id", "id"], name="audit_event_actor"),
            models.Index(fields=["organization_id", "target_id", "id"], name="audit_event_target"),
            models.Index(
                fields=["organization_id", "reference", "id"],
                name="audit_event_reference",
                condition=~Q(reference=""),
            ),
            models.Index(
                fields=["organization_id", "grant_id", "id"],
                name="audit_event_grant",
                condition=Q(grant_id__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.id}"

    @cached_property
    def content(self) -> dict[str, Any]:
        """The body as written; an empty one when somebody broke it (verify names the event)."""
        try:
            content = json.loads(self.body)
        except ValueError:
            return {}
        return content if isinstance(content, dict) else {}

    @property
    def facts(self) -> dict[str, Any]:
        facts = self.content.get("facts")
        return facts if isinstance(facts, dict) else {}

    def people(self) -> dict[str, str]:
        """Names and other personal values, opened; erased ones read "a removed person"."""
        from audit.opening import opened  # noqa: PLC0415 - opening needs the keys in this module

        return opened([self])[self.id]


class Leaf(models.Model):
    """An event's place in its organization's tree: gapless positions, from 0, in sealing order."""

    append_only: ClassVar[bool] = True

    event_id = models.UUIDField(primary_key=True)
    organization_id = models.UUIDField()
    position = models.PositiveBigIntegerField()
    # Kept beside the digest so that a deleted event can still be named.
    name = models.CharField(max_length=64)
    digest = models.BinaryField(max_length=32)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "position"], name="audit_leaf_one_per_position"
            )
        ]

    def __str__(self) -> str:
        return f"{self.position}: {self.event_id}"


class TreeHead(models.Model):
    """Where sealing stands. `frontier` holds the roots of the complete subtrees, left to right."""

    organization_id = models.UUIDField(primary_key=True)
    size = models.PositiveBigIntegerField(default=0)
    frontier = models.TextField(default="[]")
    watermark = models.UUIDField(default=UUID(int=0))

    def __str__(self) -> str:
        return f"{self.organization_id}: {self.size}"


class Checkpoint(models.Model):
    """A signed statement of the tree's size and root; its copy outside makes a cut visible."""

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    organization_id = models.UUIDField()
    size = models.PositiveBigIntegerField()
    root = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    document = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["organization_id", "size"], name="audit_checkpoint_one_per_size"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.size} events, {self.root}"
