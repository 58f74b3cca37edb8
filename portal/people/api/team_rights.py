"""What a team allows and opens, and many people at once, over the API: shown first, then done."""

from collections.abc import Callable, Mapping
from typing import Any, ClassVar
from uuid import UUID

from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from audit.refusals import Invalid, NotPermitted
from portal.access.showing import shown_effect
from portal.catalog.actions import set_team_access
from portal.catalog.models import Integration, Resource
from portal.people.actions.many import change_places
from portal.people.bulk import Change, Do, foresee
from portal.people.serializers import teams as shapes
from portal.people.team_people import Found, found_by, those_in
from portal.people.team_rights import access_change, as_shown, opened_by
from portal.rest.versions import require_version
from portal.rest.views import PortalViewSet
from tenants.actions.teams import leads, set_team_permissions
from tenants.models import Team
from tenants.permissions import Permission


class TeamRights(PortalViewSet):
    """The verbs of a team that show their effect before they are carried out."""

    rights_permissions: ClassVar[Mapping[str, Permission | None]] = {
        "change_permissions": set_team_permissions.permission,
        "access": set_team_access.permission,
        "give_access": set_team_access.permission,
        "people": Permission.TEAM_VIEW,
    }
    rights_inputs: ClassVar[Mapping[str, type[Serializer[Any]]]] = {
        "change_permissions": shapes.TeamPermissionsInput,
        "give_access": shapes.TeamAccessInput,
        "people": shapes.TeamPeopleInput,
    }
    rights_outputs: ClassVar[Mapping[str, type[Serializer[Any]]]] = {
        "change_permissions": shapes.TeamChanged,
        "access": shapes.TeamAccessOutput,
        "give_access": shapes.TeamChanged,
        "people": shapes.TeamPeopleOutput,
    }

    @verb(detail=True, methods=["post"], url_path="permissions")
    def change_permissions(self, request: Request, pk: UUID) -> Response:
        """Decide what membership allows.

        Without `digest` nothing happens: the answer says who would gain and lose what, and
        carries the digest that has it done. Needs a step-up within the last five minutes.
        """
        team, data = self.get_object(), self.read()
        require_version(self.request, team.version)
        actor, version = self.request.actor, team.version
        wanted = data["permissions"]
        return self._shown(
            lambda: set_team_permissions(team, actor=actor, version=version, permissions=wanted),
            data["digest"],
        )

    @verb(detail=True, methods=["get"])
    def access(self, request: Request, pk: UUID) -> Response:
        """Integrations and single resources that the team sees."""
        opened, hidden = opened_by(self.get_object(), self.request.actor)
        return self.answer({"results": opened, "more": hidden})

    @access.mapping.post
    def give_access(self, request: Request, pk: UUID) -> Response:
        """Give the team an integration or a single resource, or take it away.

        Without `digest` nothing happens: the answer says who would gain and lose what, and
        carries the digest that has it done.
        """
        team, data = self.get_object(), self.read()
        name = "integration" if "integration" in data else "resource"
        thing = self._thing(name, data[name])
        change = access_change(team, thing, data["level"], actor=self.request.actor)
        return self._shown(change, data["digest"])

    @verb(detail=True, methods=["post"])
    def people(self, request: Request, pk: UUID) -> Response:
        """Add people to the team or take them out, many at once; its leads may.

        Without `digest` nothing happens: the answer says what would, and carries the digest that
        has it done. When something differs by then, 412 and nothing is done.
        """
        team, data, actor = self.get_object(), self.read(), self.request.actor
        if not actor.may(Permission.TEAM_MANAGE) and not leads(actor, team):
            raise NotPermitted(_("Only the leads of this team and admins may do this."))
        found = self._people(team, data)
        change = Change(Do.TEAM_ADD if data["do"] == "add" else Do.TEAM_REMOVE, team)
        at, digest = self.request.at, data["digest"]
        if digest:
            outcome = change_places(found.people, change, actor=actor, at=at, digest=digest)
        else:
            outcome = foresee(found.people, change, actor=actor, at=at)
        effect, done = shown_effect(outcome.effect, actor), bool(digest)
        return self.answer(
            {"outcome": outcome, "effect": effect, "done": done, "strays": found.strays}
        )

    def _people(self, team: Team, data: Mapping[str, Any]) -> Found:
        ids = set(data["members"])
        if data["do"] == "remove":
            found = Found(those_in(team, ids), ())
        else:
            found = found_by(ids, "\n".join(data["addresses"]), self.request.actor)
        if not ids <= {each.pk for each in found.people}:
            wrong = _("Somebody is not here, or not in the team.")
            raise Invalid(_("Some fields do not hold."), {"members": wrong})
        if not found.people and not found.strays:
            raise Invalid(_("Some fields do not hold."), {"members": _("Name somebody.")})
        return found

    def _thing(self, name: str, pk: UUID) -> Integration | Resource:
        model: Any = Integration if name == "integration" else Resource
        found: Integration | Resource | None = (
            model.objects.visible_to(self.request.actor).filter(pk=pk).first()
        )
        if found is None:
            raise Invalid(_("Some fields do not hold."), {name: _("Not known here.")})
        return found

    def _shown(self, change: Callable[[], Any], digest: str) -> Response:
        effect = as_shown(change, at=self.request.at, digest=digest)
        shown = shown_effect(effect, self.request.actor)
        return self.answer({"done": bool(digest), "effect": shown})
