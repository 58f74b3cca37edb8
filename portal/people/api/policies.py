"""The policy over the API."""

from rest_framework.request import Request
from rest_framework.response import Response

from portal.people.foreseen import foresee_policy
from portal.people.policies import shown_policy, spans
from portal.people.serializers import policies as shapes
from portal.rest.versions import require_version, tagged
from portal.rest.views import PortalViewSet
from tenants.actions.policies import change_policy
from tenants.models import Policy
from tenants.permissions import Permission


class PolicyViewSet(PortalViewSet):
    model = Policy
    permissions = {"retrieve": Permission.POLICY_VIEW, "partial_update": change_policy.permission}
    inputs = {"partial_update": shapes.PolicyInput}
    outputs = dict.fromkeys(permissions, shapes.PolicyOutput)
    versioned = frozenset({"partial_update"})

    def retrieve(self, request: Request) -> Response:
        """What the workspace asks of a sign-in, a token, a deletion and a grant."""
        return self._shown(Policy.objects.get())

    def partial_update(self, request: Request) -> Response:
        """Change named values. Needs a step-up within the last five minutes."""
        policy = Policy.objects.get()
        require_version(self.request, policy.version)
        changes = spans(self.read())
        changed = change_policy(policy, actor=self.request.actor, version=policy.version, **changes)
        return self._shown(changed)

    def _shown(self, policy: Policy) -> Response:
        shown = shown_policy(policy, self.request.actor, at=self.request.at)
        return tagged(self.answer(shown), policy.version)


class PolicyPreviewViewSet(PortalViewSet):
    model = Policy
    permissions = {"create": change_policy.permission}
    inputs = {"create": shapes.PolicyPreviewInput}
    outputs = {"create": shapes.PolicyPreviewOutput}

    def create(self, request: Request) -> Response:
        """Answer who would be signed out or kept out. Changes nothing; needs a step-up too."""
        policy, actor = Policy.objects.get(), self.request.actor
        changes = spans(self.read())
        foreseen = foresee_policy(
            lambda: change_policy(policy, actor=actor, version=policy.version, **changes),
            actor=actor,
            at=self.request.at,
        )
        shown = {
            "changed": [name for name, _new in foreseen.changes],
            "consequences": foreseen.consequences,
        }
        return self.answer(shown)
