"""Which organization this code works for. Nothing of a tenant can be read outside a scope."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, ClassVar, TypeVar
from uuid import UUID

from django.db import models

from audit.identifiers import new_id
from tenants.inventory import DataClass


class ScopeMissing(RuntimeError):
    """Tenant rows were asked for without saying whose. A programming error, never a refusal."""


@dataclass(frozen=True, slots=True)
class Scope:
    organization_id: UUID | None = None
    system_reason: str = ""


NOWHERE = Scope()
_scope: ContextVar[Scope] = ContextVar("scope", default=NOWHERE)

M = TypeVar("M", bound=models.Model)


def current_organization_id() -> UUID:
    """The organization of the open scope. Raises ScopeMissing outside one."""
    organization_id = _scope.get().organization_id
    if organization_id is None:
        raise ScopeMissing("No organization scope is open.")
    return organization_id


def open_scope() -> Scope:
    """As PostgreSQL is told it before a statement."""
    return _scope.get()


def scope_is_open() -> bool:
    return _scope.get().organization_id is not None


def system_is_open() -> bool:
    return bool(_scope.get().system_reason)


@contextmanager
def organization_scope(organization_id: UUID) -> Iterator[None]:
    """See and write the rows of one organization only; restores what was before on exit."""
    with _entered(Scope(organization_id=organization_id)):
        yield


@contextmanager
def system_scope(reason: str) -> Iterator[None]:
    """See rows of every organization, to find ids and where they belong, nothing else.

    Every caller is listed in an architecture test. Open the organization's scope before
    reading anything further.
    """
    with _entered(replace(_scope.get(), system_reason=reason)):
        yield


@contextmanager
def _entered(scope: Scope) -> Iterator[None]:
    token = _scope.set(scope)
    try:
        yield
    finally:
        _scope.reset(token)


class TenantQuerySet(models.QuerySet[M]):
    """Base of every tenant query set; whatever creates a row stamps the open scope on it."""

    def create(self, **fields: Any) -> Any:
        _stamp(fields)
        return super().create(**fields)

    def bulk_create(self, objs: Any, *args: Any, **options: Any) -> Any:
        rows = list(objs)
        for row in rows:
            row.organization_id = _checked(row.organization_id)
        return super().bulk_create(rows, *args, **options)

    def locked(self, pk: UUID) -> M:
        """The row, locked until the transaction ends. Raises DoesNotExist."""
        return self.select_for_update(no_key=True, of=("self",)).get(pk=pk)


class TenantManager(models.Manager[M]):
    """Filters by the open scope, raises without one; its query set stamps what it creates."""

    _queryset_class = TenantQuerySet

    def get_queryset(self) -> models.QuerySet[M]:
        return super().get_queryset().filter(organization_id=current_organization_id())

    def locked(self, pk: UUID) -> M:
        """The row, locked until the transaction ends. Raises DoesNotExist."""
        return self.get_queryset().select_for_update(no_key=True, of=("self",)).get(pk=pk)


class SystemManager(models.Manager[M]):
    """All organizations' rows, only inside `system_scope`."""

    def get_queryset(self) -> models.QuerySet[M]:
        if not system_is_open():
            raise ScopeMissing("Rows of all organizations are read inside system_scope only.")
        return super().get_queryset()


def _stamp(fields: dict[str, Any]) -> None:
    given = fields.pop("organization", None)
    claimed = given.pk if given is not None else fields.get("organization_id")
    fields["organization_id"] = _checked(claimed)


def _checked(claimed: UUID | None) -> UUID:
    current = current_organization_id()
    if claimed is not None and claimed != current:
        raise ScopeMissing("A row of one organization was written in another's scope.")
    return current


class TenantModel(models.Model):
    """A row that belongs to exactly one organization."""

    data_class: ClassVar[DataClass]
    # Look-up paths to the member whose personal data a row is; `@column` holds their address.
    person_paths: ClassVar[tuple[str, ...]] = ()
    # Text column -> column with the id of the member it names; a deletion replaces the text.
    names_people: ClassVar[Mapping[str, str]] = {}

    id = models.UUIDField(primary_key=True, default=new_id, editable=False)
    # No index of its own: it comes first in every composite one.
    organization = models.ForeignKey(
        "tenants.Organization",
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )

    objects = TenantManager()
    unscoped = SystemManager()

    class Meta:
        abstract = True
