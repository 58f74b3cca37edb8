"""How diagnostic access of all customers was decided and used: counts and times alone."""

from datetime import datetime

from portal.grants.measuring import Measure, Sources, measures
from portal.grants.models import AccessRecord, Grant, GrantDecision, SupportSession
from tenants.scoping import system_scope


def all_measures(*, at: datetime, year: int | None = None) -> list[Measure]:
    with system_scope("figures of diagnostic access"):
        sources = Sources(
            Grant.unscoped.filter(organization__kind="customer"),
            SupportSession.unscoped.all(),
            AccessRecord.unscoped.all(),
            GrantDecision.unscoped.all(),
        )
        return measures(sources, at=at, year=year)
