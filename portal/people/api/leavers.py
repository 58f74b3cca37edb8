"""A list of leavers over the API."""

from collections.abc import Sequence
from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from portal.access.showing import shown_effect
from portal.people.api.lists import LeaverListParser, ListParser, leaver_row
from portal.people.filing_leavers import Go, file_leavers
from portal.people.leavers import LAYOUT, Report, check
from portal.people.leaving import MOST, foresee
from portal.people.serializers.leavers import LeaversInput, LeaversOutput, LeaversQuery
from portal.people.sheets import Row, read_sheet
from portal.rest.parsing import StrictJSONParser
from portal.rest.views import PortalViewSet
from portal.tickets.actions import file_revocation
from tenants.models import Membership


class LeaversViewSet(PortalViewSet):
    model = Membership
    permissions = {"create": file_revocation.permission}
    parameters = {"create": LeaversQuery}
    inputs = {"create": LeaversInput}
    outputs = {"create": LeaversOutput}
    parser_classes = (StrictJSONParser, LeaverListParser)

    def create(self, request: Request) -> Response:
        """Hold a list of leavers against the members, and file a request for each with access.

        Takes JSON, or CSV as `text/csv` with the columns email and last day. Without `digest`
        nothing happens: the answer says what would, and carries the digest that has it done for
        at most 200 people. When something differs by then, 412 and nothing is done. Needs a
        step-up within the last five minutes. Nothing of the list is kept.
        """
        actor, at = self.request.actor, self.request.at
        actor.require_step_up(at=at)
        report = check(self._rows(), actor=actor, at=at)
        return self.answer(self._outcome(report))

    def _outcome(self, report: Report) -> dict[str, Any]:
        digest, leavers = self.query["digest"], report.leavers
        first = leavers[:MOST]
        given = {
            "actor": self.request.actor,
            "at": self.request.at,
            "reason": self.query["reason"],
        }
        go: Go | None = None
        if digest:
            go = file_leavers(first, digest=digest, **given)
        elif first:
            go = Go(foresee(first, **given))
        return {
            "done": bool(digest),
            "is_overtaken": go is not None and go.is_overtaken,
            "digest": go.plan.digest if go is not None else "",
            "left": max(len(leavers) - MOST, 0),
            "filings": self._filings(go, is_done=bool(digest)),
            "lines": report.lines,
            "effect": None if go is None else shown_effect(go.plan.effect, self.request.actor),
        }

    def _filings(self, go: Go | None, *, is_done: bool) -> list[dict[str, Any]]:
        """A number that was only tried is given to somebody else next."""
        every = [] if go is None else [*go.plan.filed, *go.plan.refused]
        return [
            {
                "leaver": x.leaver,
                "name": x.name,
                "number": x.number if is_done else "",
                "refusal": x.refusal,
            }
            for x in every
        ]

    def _rows(self) -> Sequence[Row]:
        if self.request.content_type.partition(";")[0].strip().lower() == ListParser.media_type:
            return read_sheet(self.request.data["csv"], LAYOUT)
        people = self.read()["leavers"]
        return [leaver_row(place, person) for place, person in enumerate(people, start=1)]
