"""Importing real dbt artifacts: what is stored, what stays, what goes."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.storage import default_storage
from django.utils import timezone

from audit.models import Event
from audit.refusals import Invalid, NotPermitted, Refusal
from portal.catalog.actions import pause_integration, resume_integration, start_import
from portal.catalog.actions.integrations import change_integration
from portal.catalog.ingest.running import carry_out, claim
from portal.catalog.models import (
    Dependency,
    Field,
    ImportRun,
    Integration,
    Metric,
    Resource,
    Term,
    Upload,
    unattended,
)
from portal.catalog.orphans import erase_orphans
from portal.catalog.refusals import ImportInProgress, IntegrationPaused
from portal.catalog.tasks import announce_unattended, erase_overdue
from tenants.access import Actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.portal.catalog.conftest import as_file, both, do_import, make_integration, olist

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


def everything() -> dict[str, list[dict[str, Any]]]:
    models = (Resource, Field, Metric, Dependency, Term)
    return {m.__name__: list(m.objects.order_by("pk").values()) for m in models}


def event_names() -> list[str]:
    return list(Event.objects.order_by("id").values_list("name", flat=True))


def test_the_real_artifacts_give_18_relations_and_118_columns(imported: Integration) -> None:
    assert Resource.objects.count() == 18
    assert Field.objects.count() == 118
    assert (imported.resource_count, imported.field_count) == (18, 118)
    assert imported.status == "ready"
    orders = Resource.objects.get(name="stg_orders__orders")
    assert orders.description == "Cleaned orders with fulfillment metrics"
    assert orders.kind == "model"
    assert orders.path == "olist.analytics_staging.stg_orders__orders"
    field = Field.objects.get(resource=orders, name="order_id")
    assert (field.type, field.description) == ("VARCHAR", "Unique order identifier")
    # dbt leaves a top-level description empty here and keeps it in the node's config.
    customers = Resource.objects.get(name="dim_customers")
    assert customers.description == "Customer dimension with lifetime metrics"


def test_the_files_are_gone_after_the_import_and_the_log_says_so(imported: Integration) -> None:
    uploads = list(Upload.objects.filter(integration=imported))
    assert len(uploads) == 2
    for upload in uploads:
        assert upload.deleted_at is not None
        assert upload.expires_at <= upload.uploaded_at + timedelta(hours=24)
        assert not default_storage.exists(upload.path)
    names = event_names()
    assert names.count("upload.deleted") == 2
    assert names.index("import.started") < names.index("import.finished")


def test_the_same_import_twice_changes_nothing(imported: Integration, max_actor: Actor) -> None:
    before = everything()
    run = do_import(imported, actor=max_actor, sent=both())
    assert everything() == before
    assert run.counts["unchanged"] == 18
    assert (run.counts["added"], run.counts["changed"], run.counts["removed"]) == (0, 0, 0)


def test_a_changed_import_touches_only_what_differs(
    imported: Integration, max_actor: Actor
) -> None:
    catalog = olist("catalog.json")
    key = "model.olist_project.fct_orders"
    columns = catalog["nodes"][key]["columns"]
    del columns["order_status"]
    columns["is_gift"] = {"type": "BOOLEAN", "index": 99, "name": "is_gift", "comment": "A gift"}
    columns["order_id"]["type"] = "UUID"
    del catalog["sources"]["source.olist_project.olist.raw_geolocation"]
    before = {row.unique_key: row.pk for row in Resource.objects.all()}
    kept = Field.objects.get(resource__unique_key=key, name="order_id").pk

    run = do_import(imported, actor=max_actor, sent=both(catalog=catalog))

    assert run.counts["changed"] == 1
    assert run.counts["removed"] == 1
    assert Resource.objects.get(unique_key=key).pk == before[key]
    fields = {f.name: f for f in Field.objects.filter(resource__unique_key=key)}
    assert "order_status" not in fields
    assert fields["is_gift"].description == "A gift"
    assert (fields["order_id"].pk, fields["order_id"].type) == (kept, "UUID")
    assert not Resource.objects.filter(name="raw_geolocation").exists()
    assert not Term.objects.filter(term="geolocation").exists()
    assert Resource.objects.matching("gift").count() == 1


def test_statistics_become_metrics_and_single_values_only(
    integration: Integration, max_actor: Actor
) -> None:
    catalog = olist("catalog.json")
    catalog["nodes"]["model.olist_project.fct_orders"]["stats"] = {
        "num_rows": {"id": "num_rows", "label": "Rows", "value": 99441, "include": True},
        "bytes": {"id": "bytes", "label": "Size", "value": 12.5, "include": True},
        "hidden": {"id": "hidden", "label": "Hidden", "value": 1, "include": False},
    }
    do_import(integration, actor=max_actor, sent=both(catalog=catalog))
    orders = Resource.objects.get(name="fct_orders")
    assert orders.row_count == 99441
    found = Metric.objects.filter(resource=orders).values_list("name", "value")
    assert sorted(found) == [("bytes", "12.5"), ("num_rows", "99441")]


def test_search_finds_by_name_column_and_description(imported: Integration) -> None:
    def names(text: str) -> list[str]:
        return list(Resource.objects.matching(text).by_name().values_list("name", flat=True))

    assert names("dim_custom life") == ["dim_customers"]
    assert "stg_orders__orders" in names("ORDER_APPROVED")
    assert names("fulfillment review") == ["fct_orders"]
    assert names("nothing_like_it") == []
    assert names("!!!") == []
    assert len(names("  ")) == 18


@pytest.mark.parametrize("name", ["Ünit", "Ⅷ", "warehouse"])
def test_a_name_in_use_is_refused_in_every_alphabet(
    integration: Integration, max_: Any, max_actor: Actor, name: str
) -> None:
    if name != "warehouse":
        make_integration(max_, max_actor, name)

    with pytest.raises(Invalid):
        make_integration(max_, max_actor, name)
    other = make_integration(max_, max_actor, "Another")
    with pytest.raises(Invalid):
        change_integration(other, actor=max_actor, name=name, owner=None)


def test_one_import_at_a_time(integration: Integration, max_actor: Actor) -> None:
    start_import(integration, actor=max_actor, at=timezone.now(), sent=both())
    with pytest.raises(ImportInProgress):
        start_import(integration, actor=max_actor, at=timezone.now(), sent=both())
    assert Upload.objects.count() == 2


def test_no_import_while_paused_and_one_that_runs_stops(
    integration: Integration, max_actor: Actor
) -> None:
    at = timezone.now()
    run = start_import(integration, actor=max_actor, at=at, sent=both())
    pause_integration(integration, actor=max_actor, at=at)
    carry_out(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("stopped", "import-stopped")
    assert Resource.objects.count() == 0
    assert not Upload.objects.kept().exists()
    with pytest.raises(IntegrationPaused):
        start_import(integration, actor=max_actor, at=at, sent=both())
    resume_integration(integration, actor=max_actor)
    assert do_import(integration, actor=max_actor, sent=both()).status == "finished"


def test_a_viewer_may_not_import(integration: Integration, mia: Any, actor_of: Any) -> None:
    with pytest.raises(NotPermitted):
        start_import(integration, actor=actor_of(mia), at=timezone.now(), sent=both())
    assert not ImportRun.objects.exists()
    assert not Upload.objects.exists()


def test_another_organizations_integration_is_unknown(
    ned_integration: Integration, max_actor: Actor
) -> None:
    with pytest.raises(Integration.DoesNotExist):
        start_import(ned_integration, actor=max_actor, at=timezone.now(), sent=both())


def test_a_run_is_claimed_by_one_worker(integration: Integration, max_actor: Actor) -> None:
    run = start_import(integration, actor=max_actor, at=timezone.now(), sent=both())
    at = timezone.now()
    assert claim(run.pk, at=at) is not None
    assert claim(run.pk, at=at) is None
    later = claim(run.pk, at=at + timedelta(minutes=2))
    assert later is not None
    assert later.attempts == 2


def test_a_lease_from_before_the_clock_was_set_back_holds_no_run_up(
    integration: Integration, max_actor: Actor
) -> None:
    at = timezone.now()
    run = start_import(integration, actor=max_actor, at=at, sent=both())
    back = at - timedelta(hours=1)
    assert ImportRun.objects.filter(unattended(back)).exists()
    assert claim(run.pk, at=at) is not None
    assert not ImportRun.objects.filter(unattended(at)).exists()
    assert ImportRun.objects.filter(unattended(back)).exists()
    assert claim(run.pk, at=back) is not None
    assert claim(run.pk, at=back) is None


def test_a_run_that_kills_its_worker_ends_as_failed(
    integration: Integration, max_actor: Actor
) -> None:
    run = start_import(integration, actor=max_actor, at=timezone.now(), sent=both())
    ImportRun.objects.filter(pk=run.pk).update(attempts=5)
    carry_out(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("failed", "worn-out")
    assert not Upload.objects.kept().exists()


def test_lost_messages_and_left_files_are_swept(integration: Integration, max_actor: Actor) -> None:
    run = start_import(integration, actor=max_actor, at=timezone.now(), sent=both())
    announce_unattended(timezone.now() + timedelta(minutes=1))
    paths = list(Upload.objects.values_list("path", flat=True))
    erase_overdue(timezone.now())
    assert all(default_storage.exists(path) for path in paths)
    erase_overdue(timezone.now() + timedelta(hours=12, seconds=1))
    assert not any(default_storage.exists(path) for path in paths)
    carry_out(run.pk)
    run.refresh_from_db()
    assert (run.status, run.error_code) == ("failed", "files-gone")


def test_a_file_without_a_row_goes_after_an_hour(organization: Organization) -> None:
    erase_orphans(at=timezone.now() + timedelta(hours=2))  # what other tests have left
    folder = f"artifacts/{organization.pk}"
    names = [f"{folder}/left.json", f"{folder}/deep/er/left.json", "artifacts/strange/left.json"]
    left, deep, strange = (default_storage.save(name, as_file("{}")) for name in names)
    assert erase_orphans(at=timezone.now()) == 0
    assert erase_orphans(at=timezone.now() + timedelta(hours=2)) == 2
    assert [default_storage.exists(path) for path in (left, deep, strange)] == [False, False, True]
    default_storage.delete(strange)


def test_what_is_refused_leaves_no_files(integration: Integration, max_actor: Actor) -> None:
    sent = both(catalog="[]")
    with pytest.raises(Refusal):
        start_import(integration, actor=max_actor, at=timezone.now(), sent=sent)
    assert not Upload.objects.exists()
