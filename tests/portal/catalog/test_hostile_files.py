"""Files that are broken, wrong or hostile: an error with line or key, and nothing stored half."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from portal.catalog.actions import start_import
from portal.catalog.ingest.running import carry_out
from portal.catalog.models import Field, ImportRun, Integration, Resource, Term, Upload
from portal.catalog.refusals import ArtifactRefused
from tenants.access import Actor
from tenants.models import Organization
from tenants.scoping import organization_scope
from tests.portal.catalog.conftest import both, do_import
from tests.portal.catalog.hostile import CASES, ORDERS, SCHEMAS, catalog, text_of, version

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _scope(organization: Organization) -> Iterator[None]:
    with organization_scope(organization.pk):
        yield


@pytest.mark.parametrize(
    ("made", "reason", "key", "line"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_bad_file_says_where_and_stores_nothing(
    integration: Integration,
    max_actor: Actor,
    made: Callable[[], dict[str, Any]],
    reason: str,
    key: str,
    line: str,
) -> None:
    run = do_import(integration, actor=max_actor, sent=both(**made()))
    assert (run.status, run.error_code) == ("failed", reason), run.error_message
    assert run.error_message
    assert run.error_file in {"manifest.json", "catalog.json"}
    assert key in run.error_key
    if line:
        assert run.error_line
        assert run.error_offset is not None
    assert not Resource.objects.exists()
    assert not Field.objects.exists()
    assert not Term.objects.exists()
    assert not Upload.objects.kept().exists()
    integration.refresh_from_db()
    assert (integration.status, integration.last_error_code) == ("failing", reason)


def test_a_bad_file_leaves_what_was_imported_before(
    imported: Integration, max_actor: Actor
) -> None:
    before = list(Resource.objects.order_by("pk").values())
    broken = catalog(lambda n: n["metadata"].update(name="a\x00b"))
    assert do_import(imported, actor=max_actor, sent=both(**broken)).status == "failed"
    assert list(Resource.objects.order_by("pk").values()) == before


@pytest.mark.parametrize("content", [b"", b"[]", b"PK\x03\x04", b"null", b"\xff\xfe{"])
def test_what_is_no_artifact_is_refused_at_the_door(
    integration: Integration, max_actor: Actor, content: bytes
) -> None:
    with pytest.raises(ArtifactRefused) as refused:
        start_import(integration, actor=max_actor, at=timezone.now(), sent=both(manifest=content))
    assert refused.value.errors.keys() == {"manifest"}
    assert not ImportRun.objects.exists()


def test_the_line_and_byte_are_exact(integration: Integration, max_actor: Actor) -> None:
    text = text_of("catalog.json")
    place = text.index('"order_status"')
    broken = text[:place] + "!" + text[place:]
    run = do_import(integration, actor=max_actor, sent=both(catalog=broken))
    assert run.error_offset == place
    assert run.error_line == text[:place].count("\n") + 1


def test_markup_and_marks_of_direction_are_kept_as_they_are(
    integration: Integration, max_actor: Actor
) -> None:
    name = "<script>alert(1)</script>\u202egnp"
    sent = both(**catalog(lambda n: n["metadata"].update(name=name)))
    assert do_import(integration, actor=max_actor, sent=sent).status == "finished"
    assert Resource.objects.get(unique_key=ORDERS).name == name


@pytest.mark.parametrize("number", range(4, 13))
def test_every_manifest_version_is_read(
    integration: Integration, max_actor: Actor, number: int
) -> None:
    sent = both(**version("manifest", f"{SCHEMAS}/manifest/v{number}.json"))
    run = start_import(integration, actor=max_actor, at=timezone.now(), sent=sent)
    carry_out(run.pk)
    run.refresh_from_db()
    assert run.status == "finished", run.error_message
