"""Who looks at rows, as far as the models need to know: an Actor is one."""

from typing import Protocol
from uuid import UUID

from tenants.permissions import Permission


class Viewer(Protocol):
    @property
    def id(self) -> UUID | None: ...
    @property
    def kind(self) -> str: ...
    @property
    def team_ids(self) -> frozenset[UUID]: ...
    def may(self, permission: Permission) -> bool: ...
