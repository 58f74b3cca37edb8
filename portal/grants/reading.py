"""What can be read through the door: integrations' state, resources, fields and metrics."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from portal.catalog.models import Field, Integration, Metric, Resource
from portal.grants.door import Opening, Seen
from portal.grants.masking import HIDDEN, Masked, mask
from portal.grants.refusals import NoAccess
from portal.ui.paging import Page, keyset

PAGE = 50


@dataclass(frozen=True, slots=True)
class IntegrationView:
    id: UUID
    name: str
    kind: str
    status: str
    paused: bool
    last_sync_at: datetime | None
    last_error_at: datetime | None
    error_code: str
    error_hint: str
    resource_count: int
    field_count: int
    settings: dict[str, Any]
    schedule: str
    masked: bool
    is_read: bool
    is_whole: bool


@dataclass(frozen=True, slots=True)
class FieldView:
    name: str
    type: str
    position: int
    description: str


@dataclass(frozen=True, slots=True)
class MetricView:
    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class ResourceView:
    id: UUID
    name: str
    path: str
    kind: str
    description: str
    integration_id: UUID
    field_count: int
    masked: bool
    fields: tuple[FieldView, ...] = ()
    metrics: tuple[MetricView, ...] = ()


_STATUS_FIELDS = ("name", "status", "last sync", "last error", "counts", "settings")
_LISTED_FIELDS = ("name", "path", "kind", "description")
_SHOWN_FIELDS = (*_LISTED_FIELDS, "fields", "metrics")


def read_integrations(opening: Opening) -> list[IntegrationView]:
    """Status and errors of the integrations in scope."""
    rows = Integration.objects.visible_to(opening.reader).filter(pk__in=opening.all_integrations)
    return [_integration(opening, row) for row in rows.order_by("name", "id")]


def read_integration(opening: Opening, integration_id: UUID) -> IntegrationView:
    for row in Integration.objects.visible_to(opening.reader).filter(
        pk__in=opening.all_integrations & {integration_id}
    ):
        return _integration(opening, row)
    raise NoAccess


def read_resources(opening: Opening, *, cursor: str = "", size: int = PAGE) -> Page[Any]:
    """A page of the resources in scope."""
    page = keyset(_in_scope(opening), order=("sort_key", "id"), cursor=cursor, size=size)
    return Page([_resource(opening, row) for row in page.rows], page.next_cursor, page.cursor)


def read_resource(opening: Opening, resource_id: UUID) -> ResourceView:
    """One resource with its fields and metrics. Raises NoAccess, existing or not."""
    row = _in_scope(opening).filter(pk=resource_id).first()
    if row is None:
        raise NoAccess
    fields = Field.objects.visible_to(opening.reader).filter(resource=row)
    metrics = Metric.objects.filter(resource=row)
    return _resource(
        opening,
        row,
        parts=(
            list(fields.order_by("position", "id")),
            list(metrics.order_by("name", "id")),
        ),
    )


def _in_scope(opening: Opening) -> QuerySet[Resource]:
    rows: QuerySet[Resource] = Resource.objects.visible_to(opening.reader).filter(
        Q(integration__in=opening.whole_integrations)
        | Q(pk__in=opening.single_resources, integration__in=opening.all_integrations)
    )
    return rows


def _integration(opening: Opening, row: Integration) -> IntegrationView:
    hint = mask(row.last_error_hint, lifted=opening.lifted)
    opening.note(Seen("integration", row.pk, row.name, _STATUS_FIELDS, hint.hidden))
    return IntegrationView(
        id=row.pk,
        name=row.name,
        kind=row.get_kind_display(),
        status=row.state_label,
        paused=row.is_paused,
        last_sync_at=row.last_sync_at,
        last_error_at=row.last_error_at,
        error_code=row.last_error_code,
        error_hint=hint.text,
        resource_count=row.resource_count,
        field_count=row.field_count,
        settings=_settings(row),
        schedule=row.schedule.words,
        masked=hint.hidden,
        is_read=row.is_read,
        is_whole=row.pk in opening.whole_integrations,
    )


def _settings(row: Integration) -> dict[str, Any]:
    """Where it is read and when. What signs in there lies sealed elsewhere and is not among it."""
    return {
        **row.connection,
        "every": row.every,
        "run_time": row.run_time.isoformat("minutes"),
        "weekday": row.weekday,
        "has_credential": row.has_credential,
    }


def _sample(value: str, opening: Opening) -> Masked:
    """A value taken from the data: as it is, or not at all."""
    return Masked(value, hidden=False) if opening.sampled else Masked(HIDDEN, hidden=bool(value))


def _resource(
    opening: Opening,
    row: Resource,
    parts: tuple[list[Field], list[Metric]] | None = None,
) -> ResourceView:
    lifted = opening.lifted
    description = mask(row.description, lifted=lifted)
    described = [(each, mask(each.description, lifted=lifted)) for each in (parts or ([],))[0]]
    valued = [(each, _sample(each.value, opening)) for each in (parts[1] if parts else [])]
    hidden = description.hidden or any(m.hidden for _row, m in [*described, *valued])
    shown = _SHOWN_FIELDS if parts else _LISTED_FIELDS
    opening.note(Seen("resource", row.pk, row.path, shown, hidden))
    return ResourceView(
        id=row.pk,
        name=row.name,
        path=row.path,
        kind=row.get_kind_display(),
        description=description.text,
        integration_id=row.integration_id,
        field_count=row.field_count,
        masked=hidden,
        fields=tuple(
            FieldView(each.name, each.type, each.position, said.text) for each, said in described
        ),
        metrics=tuple(MetricView(each.name, each.label, said.text) for each, said in valued),
    )
