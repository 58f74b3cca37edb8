"""What each deletion leaves, and why: shown before it is filed, and written on its certificate."""

from collections.abc import Mapping
from uuid import UUID

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portal.tickets.rules import Scope
from portal.tickets.stores import gone_with
from tenants.inventory import KEPT_AT_CLOSING, METADATA_CLASSES, NOTES, DataClass

Line = tuple[str | Promise, str | Promise]

_AFTER_A_PERSON: tuple[Line, ...] = (
    (
        _("What the person did, in the audit log"),
        _("it is the evidence; names and addresses in it can no longer be read, by anybody"),
    ),
    (
        _("Requests and support cases they filed or decided"),
        _("they are evidence; a placeholder stands where the name was"),
    ),
    (
        _("Integrations they owned and what they imported"),
        _("it is the workspace's data; it went to an owner, or where the revocation put it"),
    ),
    (
        _("Their account in other workspaces"),
        _("it belongs to those; without any, the whole account goes"),
    ),
)
_AFTER_CLOSING: Mapping[DataClass, Line] = {
    DataClass.REQUESTS: (
        _("Requests and certificates"),
        _("they prove that the deletion was done; names of people are taken out of them"),
    ),
    DataClass.EVIDENCE: (
        _("Audit log"),
        _("it still verifies; names and addresses in it can no longer be read, by anybody"),
    ),
    DataClass.OPERATION: (
        _("Records of the system's own work"),
        _("they hold numbers and names of jobs only"),
    ),
}
_ENVELOPE: Line = (
    _("Name and address of the workspace"),
    _("the vendor must be able to say whose data was deleted, and gives the address to nobody"),
)


def stays(scope: str, subject_id: UUID | None = None) -> list[Line]:
    """What a deletion of this scope leaves, and why."""
    if scope == Scope.PERSON:
        return list(_AFTER_A_PERSON)
    if scope == Scope.CLOSE:
        return [_ENVELOPE, *(_AFTER_CLOSING[one] for one in DataClass if one in KEPT_AT_CLOSING)]
    gone = METADATA_CLASSES
    if scope == Scope.DATA_CLASS and subject_id is not None:
        gone = gone_with(subject_id)
    because = _("it was not asked for")
    return [
        (note.label, note.stays_because or because)
        for data_class, note in NOTES.items()
        if data_class not in gone
    ]
