"""The OpenAPI 3.1 description: made from the views' own declarations, with every way to fail."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.serializers import Serializer

from portal.rest.problems import KINDS, MEDIA_TYPE
from portal.rest.serializers import ProblemSerializer

SCHEME = "token"
ALWAYS = (400, 401, 403, 406, 422, 429)
IDEMPOTENCY = OpenApiParameter(
    "Idempotency-Key",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    pattern="^[!-~]{1,128}$",
    description="Your own name for this call. Sent again within 24 hours, the call is not "
    "carried out again; you get the first answer.",
)
IF_MATCH = OpenApiParameter(
    "If-Match",
    OpenApiTypes.STR,
    OpenApiParameter.HEADER,
    required=True,
    description="The ETag of the version that you decided on.",
)


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "portal.rest.authentication.TokenAuthentication"
    name = SCHEME

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal, service or agent token, in the Authorization header.",
        }


class PortalSchema(AutoSchema):
    """Reads what a PortalViewSet declares; nothing about a verb is written twice."""

    def get_operation(
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> dict[str, Any] | None:
        if self.view.action not in self.view.permissions:
            return None
        return super().get_operation(path, path_regex, path_prefix, method, registry)

    def get_operation_id(self) -> str:
        noun = self.view.basename.removeprefix("api-").replace("-", "_")
        return f"{noun}_{self.view.action}"

    def get_tags(self) -> list[str]:
        after = self.path.removeprefix("/api/v1/").split("/")
        return [after[1] if after[0] == "support" and len(after) > 1 else after[0]]

    def get_summary(self) -> str:
        verb = getattr(self.view, self.view.action)
        return (verb.__doc__ or "").strip().partition("\n")[0].partition(". ")[0].rstrip(".")

    def get_description(self) -> str:
        verb = getattr(self.view, self.view.action)
        said = " ".join((verb.__doc__ or "").split())
        permission = self.view.permissions[self.view.action]
        return f"{said}\n\nScope: `{permission}`." if permission else said

    def get_auth(self) -> list[dict[str, Any]]:
        super().get_auth()
        permission = self.view.permissions[self.view.action]
        return [{SCHEME: [str(permission)] if permission else []}]

    def get_override_parameters(self) -> list[Any]:
        reader = self.view.parameters_of(self.view.action)()
        found: list[Any] = [reader] if reader.fields else []
        if self.method == "POST":
            found.append(IDEMPOTENCY)
        if self.view.action in self.view.versioned:
            found.append(IF_MATCH)
        return found

    def get_request_serializer(self) -> Serializer[Any] | None:
        reader = self.view.inputs.get(self.view.action)
        return reader() if reader else None

    def get_response_serializers(self) -> Any:
        shown = self.view.outputs.get(self.view.action)
        return {self._success(): shown() if shown else None}

    def _success(self) -> int:
        stated = getattr(self.view, "statuses", {}).get(self.view.action)
        if stated:
            return int(stated)
        return 201 if self.view.action == "create" else 204 if self.method == "DELETE" else 200

    def _get_response_bodies(self, direction: Any = "response") -> dict[str, Any]:
        bodies: dict[str, Any] = super()._get_response_bodies(direction)
        problem = self.resolve_serializer(ProblemSerializer, direction).ref
        for status in self._failures():
            bodies[str(status)] = {
                "description": str(KINDS[status][1]),
                "content": {MEDIA_TYPE: {"schema": problem}},
            }
        return bodies

    def _failures(self) -> Iterable[int]:
        yield from ALWAYS
        if "{" in self.path:
            yield 404
        if self.method != "GET":
            yield from (404, 409)
        if self.view.action in self.view.inputs:
            yield from (413, 415)
        if self.view.action in self.view.versioned:
            yield from (412, 428)
        yield 503

    def _get_pagination_parameters(self) -> list[Any]:
        return []  # the query's own serializer names them
