"""Tables, views, models and seeds of an integration."""

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple, Self
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.expressions import RawSQL
from django.utils.translation import gettext_lazy as _

from audit.recorder import Target
from portal.catalog.models.base import ByteOrdered, belongs
from portal.catalog.models.reach import Reach
from portal.catalog.rules import (
    HIGHEST,
    ICONS,
    LONGEST_KEY,
    LONGEST_NAME,
    LONGEST_TERM,
    ResourceKind,
    search_words,
    sort_key,
)
from tenants.access import Actor
from tenants.inventory import DataClass
from tenants.scoping import TenantManager, TenantModel, TenantQuerySet

# Beyond this many integrations in one's teams, one plan over all costs less than merging.
MOST_BRANCHES = 60


class Place(NamedTuple):
    """Where a page starts: just after this name and id."""

    sort_key: str
    id: UUID


class ResourceQuerySet(TenantQuerySet["Resource"]):
    def visible_to(self, actor: Actor) -> Self:
        """The rows the actor's teams were given, or all for those who see the whole catalogue."""
        reach = Reach.of(actor)
        if reach.everything:
            return self
        if not reach.team_ids:
            return self.none()
        return self.filter(Q(integration__in=reach.integrations()) | Q(pk__in=reach.singles()))

    def first_visible(self, actor: Actor, *, after: Place | None, size: int) -> list["Resource"]:
        """The next rows of `visible_to(actor)` by name, without a plan that fits only some people.

        Each integration and each team brings its own first rows from an index; those are merged.
        Always the same number of queries.
        """
        reach = Reach.of(actor)
        given = [] if reach.everything else list(reach.integrations().distinct()[:MOST_BRANCHES])
        if reach.everything or not reach.team_ids or len(given) == MOST_BRANCHES:
            return list(self.visible_to(actor).after(after).by_name()[:size])
        branches = [self._first(self.filter(integration=each).after(after), size) for each in given]
        branches += [self._first_singles(team, after, size) for team in reach.team_ids]
        first, *others = branches
        merged = first.union(*others) if others else first
        return list(
            self.filter(pk__in=_ids_of(merged.order_by("sort_key", "found")[:size])).by_name()
        )

    def _first(self, branch: Self, size: int) -> QuerySet["Resource", Any]:
        # The limit stands in an inner query: SQLite allows none inside a union.
        first = branch.select_related(None).by_name().values("pk")[:size]
        return Resource.objects.filter(pk__in=first).values("sort_key", found=F("pk"))

    def _first_singles(self, team: UUID, after: Place | None, size: int) -> QuerySet[Any, Any]:
        model = apps.get_model("catalog", "TeamResourceAccess")
        rows = model.objects.filter(team=team)
        if after is not None:
            rows = rows.filter(
                Q(sort_key__gt=after.sort_key)
                | Q(sort_key=after.sort_key, resource_id__gt=after.id)
            )
        if self.query.where != Resource.objects.all().query.where:
            # Only what the list is narrowed to; for the whole list the access row is enough.
            rows = rows.filter(Exists(self.select_related(None).filter(pk=OuterRef("resource_id"))))
        first = rows.order_by("sort_key", "resource_id").values("pk")[:size]
        found: QuerySet[Any, Any] = model.objects.filter(pk__in=first)
        return found.values("sort_key", found=F("resource_id"))

    def after(self, place: Place | None) -> Self:
        if place is None:
            return self
        return self.filter(
            Q(sort_key__gt=place.sort_key) | Q(sort_key=place.sort_key, pk__gt=place.id)
        )

    def by_name(self) -> Self:
        return self.order_by("sort_key", "pk")

    def matching(self, text: str) -> Self:
        """Rows found by every word of the text, each taken as the beginning of a term."""
        found = self
        for word in search_words(text):
            found = found.filter(pk__in=_with_term(term__gte=word, term__lt=word + HIGHEST))
        return found if search_words(text) or not text.strip() else self.none()

    def owned_by(self, owner: str) -> Self:
        """Rows whose source names this owner, whatever the case of its letters."""
        found = self.filter(owner__iexact=owner)
        for word in search_words(owner)[:1]:
            # The owner's words are terms: their index leaves few rows to compare.
            found = found.filter(pk__in=_with_term(term=word))
        return found

    def tagged(self, tag: str) -> Self:
        return self.filter(pk__in=_with_term(term=sort_key(tag)[:LONGEST_TERM], is_tag=True))


def _ids_of(pairs: QuerySet[Any, Any]) -> RawSQL:
    """The ids of a limited union, as a condition of another query: the ORM has no way to say it."""
    sql, params = pairs.query.get_compiler(pairs.db).as_sql()
    return RawSQL(f"select merged.found from ({sql}) merged", params)  # noqa: S608, S611  (compiled)


def _with_term(**condition: Any) -> QuerySet[Any, UUID]:
    terms = apps.get_model("catalog", "Term").objects
    rows: QuerySet[Any, UUID] = terms.filter(**condition).values_list("resource_id", flat=True)
    return rows


class Resource(TenantModel):
    """A relation as its source describes it: names and types, never rows."""

    data_class = DataClass.CATALOG

    integration = belongs("catalog.Integration", db_index=False)
    kind = models.CharField(_("kind"), max_length=20, choices=ResourceKind)
    # What the source calls it; the same key is the same resource in every import.
    unique_key = models.CharField(max_length=LONGEST_KEY)
    name = models.CharField(_("name"), max_length=LONGEST_NAME)
    sort_key = ByteOrdered(max_length=LONGEST_NAME)
    database = models.CharField(max_length=LONGEST_NAME, blank=True)
    schema = models.CharField(max_length=LONGEST_NAME, blank=True)
    relation_type = models.CharField(max_length=LONGEST_NAME, blank=True)
    description = models.TextField(_("description"), blank=True)
    owner = models.CharField(_("owner"), max_length=LONGEST_NAME, blank=True)
    tags = models.JSONField(_("tags"), default=list)
    field_count = models.PositiveIntegerField(default=0)
    row_count = models.BigIntegerField(null=True)
    # Of everything imported for it: an import that changes nothing writes nothing.
    digest = models.CharField(max_length=64)

    # Fields that a search met, set by the listing.
    found_fields: Sequence[str] = ()

    objects: ClassVar = TenantManager.from_queryset(ResourceQuerySet)()

    class Meta:
        verbose_name_plural = _("resources")
        constraints = [
            models.UniqueConstraint(
                fields=["organization", "integration", "unique_key"], name="resource_key_once"
            ),
        ]
        indexes = [
            models.Index(fields=["organization", "sort_key", "id"], name="resource_by_name"),
            models.Index(
                fields=["organization", "integration", "sort_key", "id"],
                name="resource_in_integration",
            ),
            models.Index(fields=["organization", "integration", "id"], name="resource_erasure"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def path(self) -> str:
        return ".".join(part for part in (self.database, self.schema, self.name) if part)

    @property
    def icon(self) -> str:
        return ICONS[self.kind]

    @property
    def place(self) -> Place:
        return Place(self.sort_key, self.pk)

    def audit_target(self) -> Target:
        # No name: the log outlives the metadata and must hold none of it.
        return Target(kind="resource", id=self.pk)
