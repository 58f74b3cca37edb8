"""Actors as plain values: the log knows no tenants."""

from dataclasses import dataclass, field
from uuid import UUID

from audit.identifiers import new_id


@dataclass(frozen=True)
class Somebody:
    organization_id: UUID
    kind: str = "member"
    id: UUID | None = field(default_factory=new_id)
    name: str = "Ada Okafor"
    acting_for: str = ""
    grant_id: UUID | None = None
    session_id: str = "s-1"
    request_id: str = "r-1"
    address: str = "192.0.2.7"

    @property
    def person(self) -> UUID | None:
        return self.id
