"""What a resource consists of, depends on, and is found by."""

from collections.abc import Iterable
from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from portal.catalog.models.base import ByteOrdered, belongs
from portal.catalog.models.reach import Reach
from portal.catalog.models.resources import Resource
from portal.catalog.rules import LONGEST_KEY, LONGEST_NAME, LONGEST_TERM, Outcome, search_words
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet


class FieldQuerySet(TenantQuerySet["Field"]):
    def visible_to(self, actor: Actor) -> Self:
        """Fields of the resources the actor may see."""
        if Reach.of(actor).everything:
            return self
        return self.filter(resource__in=Resource.objects.visible_to(actor))

    def matching(self, text: str) -> Self:
        """Of the resources this text finds, the fields that hold a word of it."""
        if not text.strip():
            return self
        return self.filter(resource__in=Resource.objects.matching(text)).holding(search_words(text))

    def holding(self, words: Iterable[str]) -> Self:
        """Fields with any of the words somewhere in their name or description."""
        holds = Q(pk__in=())
        for word in words:
            # SQLite ignores the case of ASCII letters only.
            for spelled in dict.fromkeys((word, word.upper(), word.capitalize())):
                holds |= Q(name__icontains=spelled) | Q(description__icontains=spelled)
        return self.filter(holds)


class Field(TenantModel):
    """A column: its name, type and description."""

    data_class = DataClass.CATALOG

    integration = belongs("catalog.Integration", db_index=False)
    resource = belongs("catalog.Resource")
    name = models.CharField(max_length=LONGEST_NAME)
    type = models.TextField(blank=True)
    position = models.PositiveIntegerField()
    description = models.TextField(blank=True)

    objects: ClassVar = TenantManager.from_queryset(FieldQuerySet)()

    class Meta:
        verbose_name_plural = _("fields")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "resource", "name"], name="field_name_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "integration", "id"], name="field_erasure")]

    def __str__(self) -> str:
        return self.name


class Metric(TenantModel):
    """An aggregate the source states about a resource, or how a check of it ended."""

    data_class = DataClass.METRICS

    integration = belongs("catalog.Integration", db_index=False)
    resource = belongs("catalog.Resource")
    name = models.CharField(max_length=LONGEST_NAME)
    label = models.CharField(max_length=LONGEST_NAME)
    value = models.CharField(max_length=LONGEST_NAME)
    description = models.TextField(blank=True)
    # Of checks alone: how it ended, and when that was measured.
    outcome = models.CharField(max_length=8, choices=Outcome, blank=True)
    measured_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = _("metrics")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "resource", "name"], name="metric_name_once"
            ),
            models.CheckConstraint(
                name="metric_outcome_instants",
                condition=Q(outcome="", measured_at__isnull=True)
                | (~Q(outcome="") & Q(measured_at__isnull=False)),
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "integration", "id"], name="metric_erasure")
        ]

    def __str__(self) -> str:
        return self.label

    @property
    def tone(self) -> str:
        tones = {Outcome.PASS: "ok", Outcome.WARN: "warn", Outcome.FAIL: "danger"}
        return tones.get(self.outcome, "neutral")  # type: ignore[call-overload, no-any-return]


class Dependency(TenantModel):
    """That a resource is made from another, named by the key the source gives it."""

    data_class = DataClass.CATALOG

    integration = belongs("catalog.Integration", db_index=False)
    resource = belongs("catalog.Resource")
    upstream_key = models.CharField(max_length=LONGEST_KEY)

    class Meta:
        verbose_name_plural = _("lineage")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "resource", "upstream_key"], name="dependency_once"
            ),
        ]
        indexes = [
            models.Index(
                fields=["organization", "integration", "upstream_key"],
                name="dependency_by_upstream",
            ),
            models.Index(fields=["organization", "integration", "id"], name="dependency_erasure"),
        ]

    def __str__(self) -> str:
        return self.upstream_key


class Term(TenantModel):
    """A word a resource is found by; looked up by range, the same on every engine."""

    data_class = DataClass.CATALOG

    integration = belongs("catalog.Integration", db_index=False)
    resource = belongs("catalog.Resource")
    term = ByteOrdered(max_length=LONGEST_TERM)
    is_tag = models.BooleanField(default=False)

    class Meta:
        verbose_name_plural = _("search terms")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "term", "is_tag", "resource"], name="term_once"
            ),
        ]
        indexes = [models.Index(fields=["organization", "integration", "id"], name="term_erasure")]

    def __str__(self) -> str:
        return str(self.term)
