"""Reading a request body strictly: what is ambiguous or oversized is refused, not repaired."""

import json
import math
from collections.abc import Iterator, Mapping
from typing import IO, Any, NoReturn

from django.utils.translation import gettext as _
from rest_framework.exceptions import APIException
from rest_framework.parsers import JSONParser

from audit.refusals import Invalid, Malformed

MAX_BODY = 1_048_576
MAX_DEPTH = 40


class BodyTooLarge(APIException):
    status_code = 413
    default_code = "body-too-large"


class StrictJSONParser(JSONParser):
    """RFC 8259, and what it leaves open closed: doubled names, NaN, any size, any depth."""

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,  # noqa: ARG002 - the base class's signature
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002 - as above
    ) -> Any:
        raw = stream.read(MAX_BODY + 1)
        if len(raw) > MAX_BODY:
            raise BodyTooLarge(_("The body is larger than 1 MB."))
        return read_json(raw)


def read_json(raw: bytes) -> Any:
    """The value that `raw` spells. Raises Malformed, Invalid."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_unique, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise Malformed(
            _("The body is not valid JSON in UTF-8: %(error)s.") % {"error": _short(error)}
        ) from error
    _check(value, "", MAX_DEPTH)
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    read = dict(pairs)
    if len(read) != len(pairs):
        names = [name for name, _value in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Malformed(_("The name “%(name)s” stands twice in one object.") % {"name": twice[:80]})
    return read


def _no_constant(name: str) -> NoReturn:
    raise Malformed(_("%(name)s is not a JSON value.") % {"name": name})


def _short(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg}, line {error.lineno} column {error.colno}"
    return type(error).__name__


def _check(value: Any, path: str, depth: int) -> None:
    """Refuse what no field can hold, with the place where it stands."""
    if depth == 0:
        raise Malformed(_("The body is nested too deeply."))
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise _invalid(path, _("This number is too large."))
    for name, item in _items(value):
        _check_text(name, path)
        _check(item, f"{path}.{name}" if path else name, depth - 1)


def _items(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        yield from value.items()
    elif isinstance(value, list):
        yield from ((str(place), item) for place, item in enumerate(value))


def _check_text(text: str, path: str) -> None:
    if "\x00" in text or any("\ud800" <= letter <= "\udfff" for letter in text):
        raise _invalid(path, _("Text may not contain NUL or half characters."))


def _invalid(path: str, said: str) -> Invalid:
    return Invalid(_("Some fields do not hold."), {path or "body": said})
