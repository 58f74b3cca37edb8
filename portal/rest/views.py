"""The base of every API view: token, scope, permission, limits, and one way to fail."""

from collections.abc import Mapping
from contextlib import ExitStack
from types import SimpleNamespace
from typing import Any, ClassVar, cast, final

from django.db.models import QuerySet
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import MethodNotAllowed
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.viewsets import GenericViewSet

from audit.refusals import Malformed, NotPermitted
from portal.rest import idempotency
from portal.rest.authentication import TokenAuthentication
from portal.rest.exceptions import InvalidParameters
from portal.rest.pagination import KeysetPagination, PageQuery
from portal.rest.parsing import StrictJSONParser
from portal.rest.requests import ApiRequest
from portal.rest.schema import PortalSchema
from portal.rest.serializers import StrictSerializer
from portal.rest.throttling import CALLS, Budget, spend
from tenants.access import Actor, record_refusal
from tenants.clock import now
from tenants.models import ApiToken
from tenants.permissions import Permission
from tenants.scoping import TenantModel, organization_scope


class JSONOnly(DefaultContentNegotiation):
    """By the Accept header alone; `?format=` is a parameter like any other."""

    settings = SimpleNamespace(URL_FORMAT_OVERRIDE=None)  # type: ignore[assignment]


class NoParameters(StrictSerializer):
    """A call that takes no query parameters."""


class PortalViewSet(GenericViewSet[Any]):
    """One noun of the API. A verb that `permissions` does not name answers 405, never openly.

    `None` as permission lets in every valid token.
    """

    permissions: ClassVar[Mapping[str, Permission | None]] = {}
    # Query parameters of a verb; lists take a cursor and a size by themselves.
    parameters: ClassVar[Mapping[str, type[StrictSerializer]]] = {}
    # Body of a verb, and its answer: serializers by name of the verb.
    inputs: ClassVar[Mapping[str, type[Serializer[Any]]]] = {}
    outputs: ClassVar[Mapping[str, type[Serializer[Any]]]] = {}
    # Fields of an answer that are shown once: a repeated call gets null in their place.
    secrets: ClassVar[tuple[str, ...]] = ()
    # Verbs that need If-Match.
    versioned: ClassVar[frozenset[str]] = frozenset()
    model: ClassVar[type[TenantModel]]
    ordering: ClassVar[tuple[str, ...]] = ("-id",)

    lookup_value_converter = "uuid"
    authentication_classes = (TokenAuthentication,)
    permission_classes = ()
    throttle_classes = ()
    filter_backends = ()
    parser_classes: tuple[type[BaseParser], ...] = (StrictJSONParser,)
    renderer_classes = (JSONRenderer,)
    pagination_class = KeysetPagination
    content_negotiation_class = JSONOnly
    schema = PortalSchema()

    request: ApiRequest
    query: dict[str, Any]
    attempt: idempotency.Attempt | None = None
    budget: Budget | None = None

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        with ExitStack() as self.scopes:
            return super().dispatch(request, *args, **kwargs)

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        super().initialize_request(request, *args, **kwargs)  # names the verb
        return ApiRequest(
            request,
            parsers=self.get_parsers(),
            authenticators=self.get_authenticators(),
            negotiator=self.get_content_negotiator(),
            parser_context=self.get_parser_context(request),
        )

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Let the call in step by step: who, whose rows, how often, which verb, what it asks."""
        self.format_kwarg = None
        actor, token = cast("Actor", request.user), cast("ApiToken", request.auth)
        self.scopes.enter_context(organization_scope(actor.organization_id))
        self.request.actor, self.request.at = actor, now()
        plain = request._request  # noqa: SLF001 - where the log's middleware looks
        plain.organization = actor.organization  # type: ignore[attr-defined]
        self.budget = spend(CALLS, f"{actor.organization_id}:{token.pk}", at=self.request.at)
        self._require_verb()
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(
            request
        )
        self.query = self._read_parameters()
        self._answer_repetition()

    def _require_verb(self) -> None:
        if self.action not in self.permissions:
            raise MethodNotAllowed(self.request.method or "")
        permission = self.permissions[self.action]
        if permission is None:
            return
        actor = self.request.actor
        if not actor.may(permission):
            refusal = NotPermitted(
                _("This needs a token with the scope %(scope)s whose holder may do the same.")
                % {"scope": permission}
            )
            record_refusal(refusal, actor=actor, verb=f"{self.basename}.{self.action}")
            raise refusal

    def _read_parameters(self) -> dict[str, Any]:
        given = self.request.query_params
        if any(len(values) > 1 for _name, values in given.lists()):
            raise Malformed(_("A parameter stands twice in the address."))
        reader = self.parameters_of(self.action)(data=given.dict())
        if not reader.is_valid():
            raise InvalidParameters(reader.errors)
        return dict(reader.validated_data)

    def parameters_of(self, action: str) -> type[StrictSerializer]:
        return self.parameters.get(action, PageQuery if action == "list" else NoParameters)

    def _answer_repetition(self) -> None:
        begun = idempotency.begin(self.request)
        if isinstance(begun, Response):
            setattr(self, (self.request.method or "").lower(), lambda *_args, **_kwargs: begun)
        else:
            self.attempt = begun

    @final
    def get_queryset(self) -> QuerySet[Any]:
        """The rows this actor may see; `narrow` may only take away from them."""
        if getattr(self, "swagger_fake_view", False):
            return QuerySet(model=self.model).none()
        return self.narrow(self.model.objects.visible_to(self.request.actor))  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return rows

    def get_object(self) -> Any:
        """The row of the address; a foreign one is as unknown as one that never was."""
        row = self.get_queryset().filter(**{self.lookup_field: self.kwargs[self._lookup]}).first()
        if row is None:
            raise Http404
        return row

    @property
    def _lookup(self) -> str:
        return self.lookup_url_kwarg or self.lookup_field

    def get_serializer_class(self) -> type[Serializer[Any]]:
        return self.outputs[self.action]

    def read(self) -> dict[str, Any]:
        """The validated body of this verb. Raises 422 for what does not hold."""
        reader = self.inputs[self.action](data=self.request.data, context={"view": self})
        reader.is_valid(raise_exception=True)
        return dict(reader.validated_data)

    def answer(self, row: Any, *, status: int = 200, location: str = "") -> Response:
        """The answer of this verb: one object in its output's shape."""
        shown = self.outputs[self.action](row, context=self.get_serializer_context())
        response = Response(shown.data, status=status)
        if location:
            response["Location"] = location
        return response

    def answer_page(self) -> Response:
        """A page of the rows this token may see."""
        rows = self.paginate_queryset(self.get_queryset())
        shown = self.outputs[self.action](rows, many=True, context=self.get_serializer_context())
        return self.get_paginated_response(shown.data)

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {"Cache-Control": "no-store", "Vary": "Authorization, Accept"}

    @property
    def allowed_methods(self) -> list[str]:
        verbs = getattr(self, "action_map", {}) or {}
        return [method.upper() for method, verb in verbs.items() if verb in self.permissions]

    def finalize_response(
        self, request: Request, response: Any, *args: Any, **kwargs: Any
    ) -> Response:
        if self.attempt is not None:
            self.attempt.finish(response, self.request, secrets=self.secrets)
        answered: Response = super().finalize_response(request, response, *args, **kwargs)
        for name, value in (self.budget.headers() if self.budget else {}).items():
            answered.headers.setdefault(name, value)
        if answered.status_code == MethodNotAllowed.status_code:
            answered["Allow"] = ", ".join(self.allowed_methods)
        return answered


class UnknownAddress(PortalViewSet):
    """Every address under /api/v1/ that nothing else answers."""

    permissions = {"miss": None}
    schema = None  # type: ignore[assignment]

    def miss(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        raise Http404
