"""Shapes of the catalogue in the API."""

from portal.catalog.serializers.imports import ImportInput, ImportOutput, ImportQuery
from portal.catalog.serializers.integrations import (
    ConnectionInput,
    IntegrationChange,
    IntegrationInput,
    IntegrationOutput,
    PushInput,
    ScheduleInput,
    TrialInput,
    TrialOutput,
    schedule_of,
)
from portal.catalog.serializers.resources import (
    FieldOutput,
    FieldQuery,
    ResourceOutput,
    ResourceQuery,
    SuggestionsOutput,
    SuggestQuery,
)

__all__ = [
    "ConnectionInput",
    "FieldOutput",
    "FieldQuery",
    "ImportInput",
    "ImportOutput",
    "ImportQuery",
    "IntegrationChange",
    "IntegrationInput",
    "IntegrationOutput",
    "PushInput",
    "ResourceOutput",
    "ResourceQuery",
    "ScheduleInput",
    "SuggestQuery",
    "SuggestionsOutput",
    "TrialInput",
    "TrialOutput",
    "schedule_of",
]
