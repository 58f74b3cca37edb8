"""The API's description as a document, made once per process."""

import json
from functools import lru_cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator


@lru_cache(maxsize=1)
def description() -> dict[str, Any]:
    """The OpenAPI document. It depends on the code alone, never on who asks."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(public=True)  # type: ignore[no-untyped-call]
    return made


def description_text() -> str:
    return json.dumps(description(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
