"""What has happened before the demo begins: an import, shared tables, a case, a revocation."""

from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.files.base import File

from portal.catalog.actions.access import set_resource_access
from portal.catalog.actions.imports import start_import
from portal.catalog.actions.integrations import create_integration
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Integration, Resource
from portal.catalog.rules import Level, UploadKind
from portal.demo.people import acting, admit, member_of
from portal.demo.sources import connect_shop
from portal.demo.world import ACME, LEAVER, Firm
from portal.grants.actions.cases import CaseFacts, open_case
from portal.grants.models import Case
from portal.tickets.actions import file_revocation
from tenants.access import Actor
from tenants.models import Membership, Team

ARTIFACTS = Path(settings.BASE_DIR) / "tests" / "data" / "dbt-olist"


def build_history(firm: Firm, at: datetime) -> None:
    """Within the scope of the organization. Safe to repeat."""
    actor = acting(member_of(firm.people[0]), at=at)
    if not Integration.objects.exists() and _is_untouched():
        _import(firm, actor, at)
        _share(firm, actor)
        if firm is ACME:
            connect_shop(actor, at)
    if firm is ACME:
        _let_go(actor, at)
        _ask_for_help(actor, at)


def _is_untouched() -> bool:
    """Somebody who deleted all metadata in the demo does not want it back at the next start."""
    return not Case.objects.exists()


def _import(firm: Firm, actor: Actor, at: datetime) -> None:
    integration = create_integration(actor=actor, at=at, name=firm.integration)
    manifest, catalog = ARTIFACTS / "manifest.json", ARTIFACTS / "catalog.json"
    with manifest.open("rb") as first, catalog.open("rb") as second:
        sent = {UploadKind.MANIFEST: File(first), UploadKind.CATALOG: File(second)}
        run = start_import(integration, actor=actor, at=at, sent=sent)
    carry_out(run.pk)


def _share(firm: Firm, actor: Actor) -> None:
    for name, tables in firm.teams.items():
        team = Team.objects.get(name=name)
        for resource in Resource.objects.filter(name__in=tables):
            set_resource_access(resource, actor=actor, team=team, level=Level.VIEW)


def _let_go(actor: Actor, at: datetime) -> None:
    if Membership.objects.filter(email=LEAVER.email).exists():
        return
    leaver = admit(LEAVER, actor=actor, at=at)
    file_revocation(leaver, actor=actor, at=at, reason="Last day at Acme Health")


def _ask_for_help(actor: Actor, at: datetime) -> None:
    if Case.objects.exists():
        return
    facts = CaseFacts(
        title="Row counts of fct_orders look wrong since Tuesday",
        description="The dashboard shows half of yesterday's orders. Please look at the model.",
        external_reference="ACME-2291",
    )
    wanted = Integration.objects.filter(name=ACME.integration).values_list("pk", flat=True)
    open_case(facts, actor=actor, at=at, integration_ids=list(wanted))
