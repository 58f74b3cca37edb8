"""The demo's data sources: real artifacts, imported by the real import, seen through teams."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile, File

from portal.catalog.actions import (
    create_integration,
    set_resource_access,
    set_team_access,
    start_import,
)
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Integration, Resource
from portal.catalog.rules import Level, UploadKind
from tenants.access import Actor
from tenants.models import Team

ARTIFACTS = Path(settings.BASE_DIR) / "tests" / "data" / "dbt-olist"
NAME = "Olist warehouse (dbt)"
# What each team of the demo is given, by name.
SINGLES = {
    "Finance": ("stg_payments__payments", "fct_orders", "raw_order_payments", "stg_orders__orders"),
    "Growth": ("dim_customers", "dim_sellers", "stg_customers__customers", "raw_order_reviews"),
}


def connect_demo_source(
    *, actor: Actor, at: datetime, everything_for: str = "", folder: Path = ARTIFACTS
) -> Integration:
    """Connect and import the demo's source in the actor's organization, unless it is there.

    Teams that exist are given what the demo means for them; `everything_for` names one that
    sees the whole integration.
    """
    found: Integration | None = Integration.objects.filter(name=NAME).first()
    if found is not None:
        return found
    integration = create_integration(actor=actor, at=at, name=NAME)
    run = start_import(integration, actor=actor, at=at, sent=_files(folder))
    carry_out(run.pk)
    _share(integration, actor, everything_for)
    integration.refresh_from_db()
    return integration


def _files(folder: Path) -> "dict[UploadKind, File[bytes]]":
    return {kind: ContentFile((folder / f"{kind.value}.json").read_bytes()) for kind in UploadKind}


def _share(integration: Integration, actor: Actor, everything_for: str) -> None:
    for team in Team.objects.filter(name__in=[*SINGLES, everything_for]):
        if team.name == everything_for:
            set_team_access(integration, actor=actor, team=team, level=Level.QUERY)
            continue
        given = Resource.objects.filter(integration=integration, name__in=SINGLES[team.name])
        for resource in given.by_name():
            set_resource_access(resource, actor=actor, team=team, level=Level.VIEW)
