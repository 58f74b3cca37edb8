"""The catalogue in the API: integrations, their imports, resources and fields."""

from portal.catalog.api.imports import ImportViewSet
from portal.catalog.api.integrations import IntegrationViewSet
from portal.catalog.api.resources import FieldViewSet, ResourceViewSet
from portal.rest.routing import register

register("integrations", IntegrationViewSet, basename="api-integration")
register("imports", ImportViewSet, basename="api-import")
register("resources", ResourceViewSet, basename="api-resource")
register("fields", FieldViewSet, basename="api-field")
