"""Everything about people over the API."""

from portal.people.api.invitations import InvitationViewSet
from portal.people.api.leavers import LeaversViewSet
from portal.people.api.members import MemberViewSet
from portal.people.api.policies import PolicyPreviewViewSet, PolicyViewSet
from portal.people.api.roles import RoleViewSet
from portal.people.api.service_accounts import ServiceAccountViewSet
from portal.people.api.teams import TeamViewSet
from portal.people.api.tokens import TokenViewSet
from portal.rest.routing import register, register_single

register("members", MemberViewSet, basename="api-member")
register("invitations", InvitationViewSet, basename="api-invitation")
register("leavers", LeaversViewSet, basename="api-leaver")
register("custom-roles", RoleViewSet, basename="api-custom-role")
register("teams", TeamViewSet, basename="api-team")
register("service-accounts", ServiceAccountViewSet, basename="api-service-account")
register("tokens", TokenViewSet, basename="api-token")
register_single(
    "policy",
    PolicyViewSet,
    basename="api-policy",
    verbs={"get": "retrieve", "patch": "partial_update"},
)
register_single(
    "policy/preview",
    PolicyPreviewViewSet,
    basename="api-policy-preview",
    verbs={"post": "create"},
)
