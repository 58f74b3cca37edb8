"""Workspaces that nobody may open for now; a feature above says which, by registering."""

from collections.abc import Callable
from uuid import UUID

from django.utils.translation import gettext as _

from audit.refusals import Refusal

Source = Callable[[], frozenset[UUID]]
_sources: list[Source] = []


class WorkspaceHeld(Refusal):
    """The workspace is there, and shut until the people who run Gatehouse have finished."""

    status = 503
    code = "workspace-held"


def register_hold(source: Source) -> None:
    """Asked with every request, so it must answer from memory."""
    _sources.append(source)


def held() -> frozenset[UUID]:
    return frozenset().union(*(source() for source in _sources))


def refuse_if_held(organization_id: UUID) -> None:
    """Raises WorkspaceHeld. For those who have shown who they are: others learn nothing."""
    if organization_id in held():
        raise WorkspaceHeld(
            _(
                "This workspace was brought back from a backup. It opens again when the data that"
                " was deleted since has been deleted again."
            )
        )
