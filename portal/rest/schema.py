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

    def get_security_definition(
        self,
        auto_schema: AutoSchema,  # noqa: ARG002 - the base class's signature
    ) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "A personal, service or agent token, in the Authorization header.",
        }


class PortalSchema(AutoSchema):
    """Reads what a PortalViewSet declares; nothing about a verb is written twice."""

    @property
    def noun(self) -> Any:
        """The viewset, which imports this module and so cannot be named here."""
        return self.view

    def get_operation(  # noqa: PLR0917 - the base class's signature
        self,
        path: str,
        path_regex: str,
        path_prefix: str,
        method: str,
        registry: ComponentRegistry,
    ) -> dict[str, Any] | None:
        if self.noun.action not in self.noun.permissions:
            return None
        return super().get_operation(path, path_regex, path_prefix, method, registry)

    def get_operation_id(self) -> str:
        noun = self.noun.basename.removeprefix("api-").replace("-", "_")
        return f"{noun}_{self.noun.action}"

    def get_tags(self) -> list[str]:
        after = self.path.removeprefix("/api/v1/").split("/")
        return [after[1] if after[0] == "support" and len(after) > 1 else after[0]]

    def get_summary(self) -> str:
        verb = getattr(self.noun, self.noun.action)
        return (verb.__doc__ or "").strip().partition("\n")[0].partition(". ")[0].rstrip(".")

    def get_description(self) -> str:  # type: ignore[override]
        verb = getattr(self.noun, self.noun.action)
        said = " ".join((verb.__doc__ or "").split())
        permission = self.noun.permissions[self.noun.action]
        return f"{said}\n\nScope: `{permission}`." if permission else said

    def get_auth(self) -> list[dict[str, Any]]:
        super().get_auth()
        permission = self.noun.permissions[self.noun.action]
        return [{SCHEME: [str(permission)] if permission else []}]

    def get_override_parameters(self) -> list[Any]:
        reader = self.noun.parameters_of(self.noun.action)()
        found: list[Any] = [reader] if reader.fields else []
        if self.method == "POST":
            found.append(IDEMPOTENCY)
        if self.noun.action in self.noun.versioned:
            found.append(IF_MATCH)
        return found

    def get_request_serializer(self) -> Serializer[Any] | None:
        reader = self.noun.inputs.get(self.noun.action)
        return reader() if reader else None

    def get_response_serializers(self) -> Any:
        shown = self.noun.outputs.get(self.noun.action)
        return {self._success(): shown() if shown else None}

    def _success(self) -> int:
        stated = getattr(self.noun, "statuses", {}).get(self.noun.action)
        if stated:
            return int(stated)
        return 201 if self.noun.action == "create" else 204 if self.method == "DELETE" else 200

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
        if "{" in self.path or self.path.startswith("/api/v1/support/"):
            yield 404
        if self.method != "GET":
            yield from (404, 409)
        if self.noun.action in self.noun.inputs:
            yield from (413, 415)
        if self.noun.action in self.noun.versioned:
            yield from (412, 428)
        yield 503

    def _get_pagination_parameters(self) -> list[Any]:
        return []  # the query's own serializer names them
