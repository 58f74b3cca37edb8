"""Shapes of the catalogue in the API."""

from portal.catalog.serializers.imports import ImportInput, ImportOutput, ImportQuery
from portal.catalog.serializers.integrations import IntegrationInput, IntegrationOutput
from portal.catalog.serializers.resources import (
    FieldOutput,
    FieldQuery,
    ResourceOutput,
    ResourceQuery,
)

__all__ = [
    "FieldOutput",
    "FieldQuery",
    "ImportInput",
    "ImportOutput",
    "ImportQuery",
    "IntegrationInput",
    "IntegrationOutput",
    "ResourceOutput",
    "ResourceQuery",
]
