"""Files on disk that no row knows: what a transaction left that never committed."""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

from django.core.files.storage import default_storage

from portal.catalog.files import FOLDER, erase
from portal.catalog.models import Upload
from portal.catalog.rules import ORPHAN_AGE
from tenants.scoping import organization_scope


def erase_orphans(*, at: datetime) -> int:
    """Delete them once they are old enough that no open transaction can still own them."""
    erased = 0
    for organization_id, names in _folders():
        with organization_scope(organization_id):
            known = set(Upload.objects.kept().values_list("path", flat=True))
        for name in names:
            path = f"{FOLDER}/{organization_id}/{name}"
            if path not in known and _age_allows(path, at):
                erase(path)
                erased += 1
    return erased


def _folders() -> Iterator[tuple[UUID, list[str]]]:
    try:
        folders, _files = default_storage.listdir(FOLDER)
    except FileNotFoundError:
        return
    for folder in folders:
        yield UUID(folder), default_storage.listdir(f"{FOLDER}/{folder}")[1]


def _age_allows(path: str, at: datetime) -> bool:
    try:
        return default_storage.get_modified_time(path) <= at - ORPHAN_AGE
    except FileNotFoundError:
        return False
