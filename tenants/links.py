"""Links in mail: signed values over (organization, row, version, purpose), no stored secret."""

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from django.core import signing

from audit.refusals import NotFound


class Purpose(StrEnum):
    INVITATION = "invitation"
    SETUP = "setup"
    ACKNOWLEDGEMENT = "acknowledgement"
    CERTIFICATE = "certificate"


@dataclass(frozen=True, slots=True)
class Link:
    organization_id: UUID
    row_id: UUID
    version: int


def signed_link(purpose: Purpose, *, organization_id: UUID, row_id: UUID, version: int) -> str:
    """The part of the URL that proves the link was ours. Raising the row's version voids it."""
    value = f"{organization_id.hex}.{row_id.hex}.{version}"
    return signing.Signer(salt=f"gatehouse.link.{purpose}").sign(value)


def read_link(purpose: Purpose, text: str) -> Link:
    """What a link says. Raises NotFound for anything that we did not sign."""
    try:
        value = signing.Signer(salt=f"gatehouse.link.{purpose}").unsign(text)
        organization, row, version = value.split(".")
        return Link(UUID(organization), UUID(row), int(version))
    except (signing.BadSignature, ValueError) as broken:
        raise NotFound("This link is not valid. Ask for a new one.") from broken
