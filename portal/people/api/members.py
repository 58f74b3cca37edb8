"""Members over the API."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.translation import gettext as _
from rest_framework.decorators import action as verb
from rest_framework.request import Request
from rest_framework.response import Response

from portal.access.showing import shown_effect
from portal.people.actions.many import change_people
from portal.people.actions.ownership import hand_over
from portal.people.actions.standing import let_in_again
from portal.people.bulk import Change, Do, foresee
from portal.people.member_listing import MEMBER_ORDER, members_for, narrowed, unknown_filters
from portal.people.ownership import Belongings, belongings_of
from portal.people.serializers import members as shapes
from portal.people.serializers.many import ManyInput, ManyOutput
from portal.people.serializers.ownership import HandOverInput, OwnershipOutput
from portal.rest.exceptions import InvalidParameters
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.ends import set_access_end
from tenants.actions.guards import named_role
from tenants.actions.roles import change_role
from tenants.actions.suspending import suspend_member
from tenants.models import Membership
from tenants.permissions import Permission


class MemberViewSet(PortalViewSet):
    model = Membership
    ordering = MEMBER_ORDER
    permissions = {
        "list": Permission.MEMBER_VIEW,
        "retrieve": Permission.MEMBER_VIEW,
        "role": change_role.permission,
        "suspend": suspend_member.permission,
        "reinstate": let_in_again.permission,
        "end": set_access_end.permission,
        "change": change_people.permission,
        "belongings": Permission.MEMBER_VIEW,
        "hand_over": hand_over.permission,
    }
    parameters = {"list": shapes.MemberQuery}
    inputs = {
        "role": shapes.RoleInput,
        "suspend": shapes.SuspensionInput,
        "reinstate": shapes.ReturnInput,
        "end": shapes.EndInput,
        "change": ManyInput,
        "hand_over": HandOverInput,
    }
    outputs = {
        **dict.fromkeys(permissions, shapes.MemberOutput),
        "change": ManyOutput,
        "belongings": OwnershipOutput,
        "hand_over": OwnershipOutput,
    }
    versioned = frozenset({"role", "suspend", "reinstate", "end"})

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        wanted = self.query if self.action == "list" else {}
        if unknown := unknown_filters(wanted, actor=self.request.actor):
            raise InvalidParameters({name: [_("Not known here.")] for name in unknown})
        seen = members_for(self.request.actor).filter(pk__in=rows.values("pk"))
        return narrowed(seen, wanted, actor=self.request.actor, at=self.request.at)

    def list(self, request: Request) -> Response:
        """Members by name; departed people stay listed with their status."""
        return self.answer_page()

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """One member, with the version as ETag."""
        member = self.get_object()
        return tagged(self.answer(member), member.version)

    @verb(detail=True, methods=["post"])
    def role(self, request: Request, pk: UUID) -> Response:
        """Give another role. Nobody raises their own, or gives more than they hold."""
        member, wanted = self._current(), self.read()["role"]
        change_role(member, actor=self.request.actor, at=self.request.at, **named_role(wanted))
        return self._changed()

    @verb(detail=True, methods=["post"])
    def suspend(self, request: Request, pk: UUID) -> Response:
        """Cut every way in until somebody lets them in again.

        Needs a step-up within the last five minutes.
        """
        member, data = self._current(), self.read()
        suspend_member(member, actor=self.request.actor, at=self.request.at, **data)
        return self._changed()

    @verb(detail=True, methods=["post"])
    def reinstate(self, request: Request, pk: UUID) -> Response:
        """Let a suspended person in again; no old session works, and every token they own ends.

        409 while a revocation of this person runs. Needs a step-up within the last five minutes.
        """
        member, data = self._current(), self.read()
        role = named_role(data["role"])
        let_in_again(member, actor=self.request.actor, at=self.request.at, **role)
        return self._changed()

    @verb(detail=True, methods=["post"])
    def end(self, request: Request, pk: UUID) -> Response:
        """Let the access end at an instant to come; null lets it stand without end."""
        member, data = self._current(), self.read()
        ends_at = data["access_ends_at"]
        set_access_end(member, actor=self.request.actor, at=self.request.at, ends_at=ends_at)
        return self._changed()

    def _current(self) -> Membership:
        member: Membership = self.get_object()
        require_version(self.request, member.version)
        return member

    def _changed(self) -> Response:
        changed = self.get_object()
        return tagged(self.answer(changed), changed.version)

    @verb(detail=False, methods=["post"])
    def change(self, request: Request) -> Response:
        """Change many people at once.

        Without `digest` nothing happens: the answer says what would, and carries the digest that
        has it done. When something differs by then, 412 and nothing is done.
        """
        data, actor, at = self.read(), self.request.actor, self.request.at
        change, digest = Change.asked(data), data["digest"]
        people = data["members"]
        if change.do == Do.REVOKE:
            actor.require_step_up(at=at)
        if digest:
            outcome = change_people(people, change, actor=actor, at=at, digest=digest)
        else:
            outcome = foresee(people, change, actor=actor, at=at)
        effect = shown_effect(outcome.effect, actor)
        return self.answer({"outcome": outcome, "effect": effect, "done": bool(digest)})

    @verb(detail=True, methods=["get"])
    def belongings(self, request: Request, pk: UUID) -> Response:
        """What a member looks after, as far as you may know of it."""
        return self.answer({"results": self._owned(self.get_object())})

    @verb(detail=True, methods=["post"], url_path="hand-over")
    def hand_over(self, request: Request, pk: UUID) -> Response:
        """Give what a member looks after to others, all of it in one go; answers what moved."""
        member, data = self.get_object(), self.read()
        moved = hand_over(member, actor=self.request.actor, at=self.request.at, **data)
        return self.answer({"results": moved})

    def _owned(self, member: Membership) -> Sequence[Belongings]:
        return belongings_of(member, actor=self.request.actor, at=self.request.at)
