"""Files on disk that no row knows: what a transaction left that never committed."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from uuid import UUID

from django.core.files.storage import default_storage

from portal.catalog.files import FOLDER, erase, folder_of, walk
from portal.catalog.models import Upload
from portal.catalog.rules import ORPHAN_AGE
from tenants.scoping import organization_scope


def erase_orphans(*, at: datetime) -> int:
    """Delete them once they are old enough that no open transaction can still own them."""
    erased = 0
    for organization_id in _organizations():
        with organization_scope(organization_id):
            known = set(Upload.objects.kept().values_list("path", flat=True))
        for path in list(walk(folder_of(organization_id))):
            if path not in known and _age_allows(path, at):
                erase(path)
                erased += 1
    return erased


def _organizations() -> Iterator[UUID]:
    try:
        folders, _files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return
    for folder in folders:
        # A folder of somebody else's making must not stop the sweep.
        with suppress(ValueError):
            yield UUID(folder)


def _age_allows(path: str, at: datetime) -> bool:
    try:
        return default_storage.get_modified_time(path) <= at - ORPHAN_AGE
    except FileNotFoundError:
        return False
