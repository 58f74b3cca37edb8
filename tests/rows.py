"""A row of any model of a tenant, with what it belongs to, made from the model itself."""

from collections.abc import Callable, Mapping
from datetime import time, timedelta
from itertools import count
from typing import Any

from django.db import models
from django.utils import timezone

from accounts.models import User
from audit.identifiers import new_id
from portal.tickets.models.evidence import LEVELS
from tenants.models import Organization, Policy
from tenants.scoping import TenantModel, organization_scope

_numbers = count(1)
AnyField = models.Field  # type: ignore[type-arg]


def make_row(model: type[TenantModel], organization: Organization, **given: Any) -> Any:
    """A row in the organization; what it needs and was not given is made with it."""
    with organization_scope(organization.pk):
        if model is Policy:  # each organization is born with its only one
            return Policy.objects.get()
        row = model(organization_id=organization.pk)
        for name, value in {**_allowed(model), **given}.items():
            setattr(row, name, value)
        for field in model._meta.concrete_fields:
            if _is_missing(row, field):
                setattr(row, field.name, _made(field, organization))
        row.save(force_insert=True)
    return row


def _allowed(model: type[TenantModel]) -> Mapping[str, Any]:
    """Values that belong together where the database checks it."""
    at = timezone.now()
    return {
        "outlets.Delivery": {"status": "waiting", "wake_at": at},
        "sso.ClaimRule": {"role": "viewer"},
        "sso.ConnectionKey": {"sealed_private_key": "sealed"},
        "tickets.Escalation": {"level": LEVELS[0]},
        "tickets.Ticket": {
            "kind": "deletion",
            "scope": "integration",
            "status": "awaiting_second",
            "filed_at": at,
            "received_at": at,
            "due_at": at + timedelta(days=1),
        },
    }.get(model._meta.label, {})


def _is_missing(row: models.Model, field: AnyField) -> bool:
    if field.null or field.blank or field.has_default():
        return False
    return getattr(row, field.attname) in (None, "")


def _made(field: AnyField, organization: Organization) -> Any:
    if isinstance(field, models.ForeignKey):
        if field.related_model is User:
            return User.objects.create_user(f"row{next(_numbers)}@rows.test", "x", name="Row")
        return make_row(field.related_model, organization)
    if field.choices:
        return next(key for key, _label in field.flatchoices if key)
    made = next(make(next(_numbers)) for kind, make in _MAKERS.items() if isinstance(field, kind))
    return made[-field.max_length :] if isinstance(made, str) and field.max_length else made


_MAKERS: Mapping[type[AnyField], Callable[[int], Any]] = {
    models.UUIDField: lambda _n: new_id(),
    models.EmailField: lambda n: f"row{n}@rows.test",
    models.DateTimeField: lambda _n: timezone.now(),
    models.TimeField: lambda _n: time(0, 0),
    models.DurationField: lambda n: timedelta(seconds=n),
    models.BooleanField: lambda _n: False,
    models.IntegerField: lambda n: n,
    models.CharField: lambda n: f"row {n}",
    models.TextField: lambda n: f"row {n}",
}
