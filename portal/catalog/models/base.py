"""What the rows of the catalogue have in common."""

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper


class ByteOrdered(models.CharField):  # type: ignore[type-arg]
    """Text compared byte by byte on every engine, so that ranges and pages agree."""

    def db_parameters(self, connection: BaseDatabaseWrapper) -> Any:
        parameters = super().db_parameters(connection)
        if connection.vendor == "postgresql":
            parameters["collation"] = "C"
        return parameters


def belongs(to: str, **options: Any) -> Any:
    """A row of the catalogue that another belongs to; it leaves only after its parts."""
    return models.ForeignKey(to, on_delete=models.PROTECT, related_name="+", **options)
