"""A small database of a shop that the demo reads on a schedule, like a customer's own."""

import sqlite3
from contextlib import closing
from datetime import datetime, time
from pathlib import Path

from django.conf import settings

from portal.catalog.actions import create_integration, run_integration, schedule_integration
from portal.catalog.ingest.running import carry_out
from portal.catalog.rules import IntegrationKind
from portal.catalog.schedules import Every, Schedule
from tenants.access import Actor

NAME = "Shop database"
FILE = "shop.sqlite3"
_TABLES = """
create table customer (id integer primary key, name text not null, city text, joined_on date);
create table purchase (
    id integer primary key,
    customer_id integer not null references customer,
    placed_at timestamp not null,
    total numeric(10, 2) not null
);
create table product (id integer primary key, title text not null, price numeric(10, 2));
create table purchase_line (purchase_id integer, product_id integer, pieces integer);
create view revenue_by_city as
    select city, sum(total) as revenue from purchase join customer on customer_id = customer.id
    group by city;
"""


def connect_shop(actor: Actor, at: datetime) -> None:
    """Make the file, connect it, read it once, and again every night."""
    _make_file(Path(settings.CONNECTOR_SQLITE_DIR) / actor.organization.slug / FILE)
    made = create_integration(
        actor=actor,
        at=at,
        name=NAME,
        kind=IntegrationKind.SQLITE,
        connection={"file": FILE},
    )
    schedule_integration(made, actor=actor, at=at, schedule=Schedule(Every.DAILY, time(2, 30)))
    carry_out(run_integration(made, actor=actor, at=at).pk)


def _make_file(path: Path) -> None:
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with closing(sqlite3.connect(path)) as database:
        database.executescript(_TABLES)
