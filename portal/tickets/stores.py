"""Which tables a deletion takes, worked out from the models, so that none can be forgotten."""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.apps import apps
from django.db import models
from django.utils.functional import Promise

from portal.tickets.plans import Preview
from portal.tickets.rules import Scope
from tenants.inventory import METADATA_CLASSES, NOTES, DataClass, class_of, models_of
from tenants.scoping import TenantModel

# Named, not imported: the catalogue is a feature above this one.
INTEGRATION = "catalog.Integration"


@dataclass(frozen=True, slots=True)
class Store:
    """One table of a scope, and the look-up path from its rows to the integration."""

    model: type[TenantModel]
    path: str = ""

    @property
    def name(self) -> str:
        return self.model._meta.db_table  # noqa: SLF001

    @property
    def label(self) -> str:
        return str(self.model._meta.verbose_name_plural).capitalize()  # noqa: SLF001

    def rows(self, subject_id: UUID) -> models.QuerySet[TenantModel]:
        """The rows in scope, inside the open organization."""
        rows: models.QuerySet[TenantModel] = self.model.objects.all()
        return rows.filter(**{self.path: subject_id}) if self.path else rows


def stores_of(scope: str) -> list[Store]:
    """The stores that go, children before the parents they point to."""
    chosen = [m for m in models_of(*METADATA_CLASSES) if issubclass(m, TenantModel)]
    if scope == Scope.ALL_METADATA:
        return [Store(model) for model in chosen]
    integration = apps.get_model(INTEGRATION)
    paths = ((model, path_to(integration, model, chosen)) for model in chosen)
    return [Store(model, path) for model, path in paths if path]


def path_to(
    goal: type[models.Model], start: type[models.Model], within: list[type[TenantModel]]
) -> str:
    """The shortest chain of foreign keys from `start` to `goal`, as a look-up; empty if none."""
    if start is goal:
        return "pk"
    waiting: list[tuple[type[models.Model], str]] = [(start, "")]
    seen: set[type[models.Model]] = {start}
    while waiting:
        model, path = waiting.pop(0)
        for name, parent in _parents(model):
            if parent is goal:
                return f"{path}{name}_id"
            if parent in within and parent not in seen:
                seen.add(parent)
                waiting.append((parent, f"{path}{name}__"))
    return ""


def _parents(model: type[models.Model]) -> Iterator[tuple[str, type[models.Model]]]:
    for field in model._meta.concrete_fields:  # noqa: SLF001
        parent = field.related_model
        if isinstance(parent, type) and issubclass(parent, models.Model):
            yield field.name, parent


def goes(scope: str, subject_id: UUID) -> list[Preview]:
    """What the deletion takes, with counts as of now."""
    stores = [Preview(store.label, store.rows(subject_id).count()) for store in stores_of(scope)]
    return list(reversed(stores))


def stays() -> list[tuple[str | Promise, str | Promise]]:
    """What a deletion of metadata leaves, and why."""
    return [
        (note.label, note.stays_because)
        for data_class, note in NOTES.items()
        if data_class not in METADATA_CLASSES
    ]


def loose_ends() -> list[str]:
    """Foreign keys from rows that stay to rows that go, which would block the erasure.

    A test holds this empty: such a reference is nullable, or kept by id and label.
    """
    going = set(models_of(*METADATA_CLASSES))
    return [
        f"{model._meta.label}.{field.name}"  # noqa: SLF001
        for model in apps.get_models()
        if model not in going and class_of(model) is not None
        for field in model._meta.concrete_fields  # noqa: SLF001
        if field.related_model in going and not field.null
    ]


def references() -> list[tuple[type[models.Model], "models.Field[object, object]"]]:
    """Nullable references from rows that stay: emptied before what they point to is erased."""
    going = set(models_of(*METADATA_CLASSES))
    return [
        (model, field)
        for model in apps.get_models()
        if model not in going
        for field in model._meta.concrete_fields  # noqa: SLF001
        if field.related_model in going and field.null
    ]


def sizes() -> dict[UUID, int]:
    """Records of each integration, counted table by table, one question each."""
    totals: dict[UUID, int] = {}
    for store in stores_of(Scope.INTEGRATION):
        groups = store.model.objects.order_by().values_list(store.path)
        for integration_id, count in groups.annotate(models.Count("pk")):
            totals[integration_id] = totals.get(integration_id, 0) + count
    return totals


def integrations() -> list[tuple[UUID, str]]:
    """The integrations of the open organization, to choose one by name."""
    rows = apps.get_model(INTEGRATION).objects.order_by("name").values_list("pk", "name")
    return [(pk, name) for pk, name in rows]


def integration_name(integration_id: UUID) -> str | None:
    return dict(integrations()).get(integration_id)


__all__ = [
    "DataClass",
    "Store",
    "goes",
    "integration_name",
    "integrations",
    "loose_ends",
    "references",
    "sizes",
    "stays",
    "stores_of",
]
