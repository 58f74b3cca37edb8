"""Rows of the catalogue. Each carries its integration, so that erasure works table by table."""

from portal.catalog.models.access import TeamAccess, TeamResourceAccess
from portal.catalog.models.contents import Dependency, Field, Metric, Term
from portal.catalog.models.imports import ImportRun, Upload, leased, overdue, unattended
from portal.catalog.models.integrations import Integration, due, is_stale
from portal.catalog.models.reach import Reach
from portal.catalog.models.resources import Place, Resource

__all__ = [
    "Dependency",
    "Field",
    "ImportRun",
    "Integration",
    "Metric",
    "Place",
    "Reach",
    "Resource",
    "TeamAccess",
    "TeamResourceAccess",
    "Term",
    "Upload",
    "due",
    "is_stale",
    "leased",
    "overdue",
    "unattended",
]
