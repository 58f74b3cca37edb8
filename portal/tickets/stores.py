"""Which tables a deletion takes, worked out from the models, so that none can be forgotten."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.apps import apps
from django.db import models
from django.db.models import Q

from portal.tickets.labels import label_of
from portal.tickets.plans import Preview
from portal.tickets.rules import CLASS_SUBJECTS, Scope
from tenants.inventory import (
    KEPT_AT_CLOSING,
    METADATA_CLASSES,
    NOTES,
    DataClass,
    class_of,
    models_of,
)
from tenants.models import Membership
from tenants.scoping import TenantModel

# Named, not imported: the catalogue is a feature above this one.
INTEGRATION = "catalog.Integration"
# Begins the last step of a path: the column holds the address of the person.
BY_ADDRESS = "@"

Reference = tuple[type[models.Model], "models.Field[object, object]"]


@dataclass(frozen=True, slots=True)
class Store:
    """One table of a scope, and the look-up paths from its rows to the subject; none for all."""

    model: type[TenantModel]
    paths: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.model._meta.db_table  # noqa: SLF001

    @property
    def label(self) -> str:
        return label_of(self.model)

    def rows(self, subject_id: UUID) -> models.QuerySet[TenantModel]:
        """The rows in scope, inside the open organization."""
        rows: models.QuerySet[TenantModel] = self.model.objects.all()
        wanted = Q()
        for path in self.paths:
            wanted |= _condition(path, subject_id)
        return rows.filter(wanted)


def _condition(path: str, subject_id: UUID) -> Q:
    if BY_ADDRESS not in path:
        return Q(**{path: subject_id})
    address = Membership.objects.filter(pk=subject_id).values("email")
    return Q(**{path.replace(BY_ADDRESS, "") + "__in": address})


def stores_of(scope: str, subject_id: UUID | None = None) -> list[Store]:
    """The stores that go, children before the parents they point to. Asked once a piece."""
    match Scope(scope):
        case Scope.ALL_METADATA:
            return _whole(METADATA_CLASSES)
        case Scope.INTEGRATION:
            return _of_an_integration()
        case Scope.PERSON:
            return _of_a_person()
        case Scope.DATA_CLASS:
            return [Store(model) for model in _of_a_class(subject_id)]
        case Scope.CLOSE:
            return _whole(frozenset(DataClass) - KEPT_AT_CLOSING)
        case _:
            return []


@cache
def _whole(classes: frozenset[DataClass]) -> list[Store]:
    return [Store(model) for model in _tenant_models(classes)]


def _tenant_models(classes: Collection[DataClass]) -> list[type[TenantModel]]:
    return [model for model in models_of(*classes) if issubclass(model, TenantModel)]


@cache
def _of_an_integration() -> list[Store]:
    chosen, integration = _tenant_models(METADATA_CLASSES), apps.get_model(INTEGRATION)
    paths = ((model, path_to(integration, model, chosen)) for model in chosen)
    return [Store(model, (path,)) for model, path in paths if path]


@cache
def _of_a_person() -> list[Store]:
    return [
        Store(model, model.person_paths)
        for model in _tenant_models(DataClass)
        if model.person_paths
    ]


def _of_a_class(subject_id: UUID | None) -> list[type[TenantModel]]:
    """The tables of the class, and whatever cannot be without one of their rows."""
    data_class = CLASS_SUBJECTS.get(subject_id) if subject_id else None
    return with_dependents({data_class}) if data_class else []


def with_dependents(classes: Collection[DataClass]) -> list[type[TenantModel]]:
    going = set(_tenant_models(classes))
    everything = _tenant_models(DataClass)
    while fresh := {m for m in everything if m not in going and _needs_one_of(m, going)}:
        going |= fresh
    return [model for model in everything if model in going]


def _needs_one_of(model: type[models.Model], going: Collection[type[models.Model]]) -> bool:
    fields = model._meta.concrete_fields  # noqa: SLF001
    return any(field.related_model in going and not field.null for field in fields)


def gone_with(subject_id: UUID) -> frozenset[DataClass]:
    """The class itself, and each other one whose tables all go with its rows."""
    going = set(_of_a_class(subject_id))
    tables = {one: set(_tenant_models({one})) for one in METADATA_CLASSES}
    wholly = frozenset(one for one, of in tables.items() if of and of <= going)
    return wholly | {CLASS_SUBJECTS[subject_id]}


def erasable_classes() -> list[DataClass]:
    """Kinds of data that this installation holds and that may go on their own."""
    return [one for one in CLASS_SUBJECTS.values() if _tenant_models({one})]


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
    """What the deletion takes, with counts as of now: by table, or by kind where there are many."""
    stores = list(reversed(stores_of(scope, subject_id)))
    counts = [(store, store.rows(subject_id).count()) for store in stores]
    if scope not in {Scope.PERSON, Scope.CLOSE}:
        return [Preview(store.label, count) for store, count in counts]
    sums: dict[str, int] = {}
    for store, count in counts:
        label = str(NOTES[store.model.data_class].label)
        sums[label] = sums.get(label, 0) + count
    return [Preview(label, count) for label, count in sums.items()]


def loose_ends() -> list[str]:
    """Foreign keys from rows that stay to rows that go, which would block the erasure.

    A test holds this empty: such a reference is nullable, or kept by id and label.
    """
    scopes = (METADATA_CLASSES, set(DataClass) - KEPT_AT_CLOSING)
    return [
        f"{model._meta.label}.{field.name}"  # noqa: SLF001
        for classes in scopes
        for model, field in _pointing_at(set(_tenant_models(classes)))
        if class_of(model) is not None and not field.null
    ]


def references(scope: str, subject_id: UUID | None = None) -> list[Reference]:
    """Nullable references from rows that stay: emptied before what they point to is erased."""
    going: set[type[models.Model]] = {store.model for store in stores_of(scope, subject_id)}
    found = [(model, field) for model, field in _pointing_at(going) if field.null]
    if scope == Scope.PERSON:
        found += [(model, field) for model, field in _naming_others(going) if field.null]
    return found


def _pointing_at(going: set[type[models.Model]]) -> Iterator[Reference]:
    for model in apps.get_models():
        if model not in going:
            for field in model._meta.concrete_fields:  # noqa: SLF001
                if field.related_model in going:
                    yield model, field


def _naming_others(going: set[type[models.Model]]) -> Iterator[Reference]:
    """References from one person's rows to another person, beside the one that says whose."""
    for model in going:
        own = getattr(model, "person_paths", ())
        for field in model._meta.concrete_fields:  # noqa: SLF001
            if field.related_model is Membership and field.attname not in own:
                yield model, field


def sizes() -> dict[UUID, int]:
    """Records of each integration, counted table by table, one question each."""
    totals: dict[UUID, int] = {}
    for store in stores_of(Scope.INTEGRATION):
        groups = store.model.objects.order_by().values_list(store.paths[0])
        for integration_id, count in groups.annotate(models.Count("pk")):
            totals[integration_id] = totals.get(integration_id, 0) + count
    return totals


def integrations() -> list[tuple[UUID, str]]:
    """The integrations of the open organization, to choose one by name."""
    rows = apps.get_model(INTEGRATION).objects.order_by("name").values_list("pk", "name")
    return [(pk, name) for pk, name in rows]


def integration_name(integration_id: UUID) -> str | None:
    return dict(integrations()).get(integration_id)
