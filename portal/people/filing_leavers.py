"""One go over a list of leavers: chunk after chunk, each in a transaction of its own."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from portal.people.actions.leavers import file_chunk
from portal.people.actions.many import PreviewOvertaken
from portal.people.leavers import Leaver
from portal.people.leaving import Plan, chunks
from tenants.access import Actor


@dataclass(frozen=True, slots=True)
class Go:
    """What was filed, and whether it stopped because things were not as shown any more."""

    plan: Plan
    is_overtaken: bool = False


def file_leavers(
    leavers: Sequence[Leaver], *, actor: Actor, at: datetime, digest: str, reason: str = ""
) -> Go:
    """File what the preview with this digest showed. Raises Invalid, PreviewOvertaken.

    What is filed stays filed: when something changes in between, the go ends after that chunk.
    """
    parts, digests = list(chunks(leavers)), digest.split(".")
    if len(digests) != len(parts):
        raise PreviewOvertaken(_("Something changed meanwhile. Look again, then decide."))
    outcomes = []
    for part, named in zip(parts, digests, strict=True):
        try:
            outcomes.append(file_chunk(part, actor=actor, at=at, digest=named, reason=reason))
        except PreviewOvertaken:
            if not outcomes:
                raise
            return Go(Plan(tuple(outcomes)), is_overtaken=True)
    return Go(Plan(tuple(outcomes)))
