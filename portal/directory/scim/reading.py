"""From what an identity provider sends to what is kept: checked, and otherwise as it came."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from accounts.models import normalized
from portal.directory.rules import folded
from portal.directory.scim.errors import ScimError, bad_syntax, bad_value
from portal.directory.scim.schemas import READ_ONLY, Attribute, Shape
from portal.sso.rules import is_address

LONGEST_NAME = 320
LONGEST_VALUE = 2_000
LARGEST_USER = 64 * 1024


@dataclass(frozen=True)
class WantedUser:
    """A user as sent: the parts that columns hold, and everything as it came."""

    user_name: str
    external_id: str
    name: str
    addresses: tuple[tuple[str, str], ...]
    # Under which the person may sign in here, the likeliest first.
    candidates: tuple[str, ...]
    attributes: dict[str, Any]
    # None: nothing was said about it.
    is_active: bool | None


@dataclass(frozen=True)
class WantedGroup:
    display_name: str
    external_id: str
    attributes: dict[str, Any]


def truth(value: Any, name: str) -> bool:
    """Entra writes booleans as text, with a capital. Raises ScimError for anything else."""
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
        return value.strip().lower() == "true"
    raise bad_value(f"“{name}” must be true or false.")


def tidied(body: Any, shape: Shape) -> dict[str, Any]:
    """A resource as sent, with known names in their one spelling and without what is ours."""
    if not isinstance(body, dict):
        raise bad_syntax("Send a JSON object.")
    kept: dict[str, Any] = {}
    for name, value in body.items():
        extension = shape.extension(name)
        if extension is not None:
            kept[extension] = _inner(value, shape.shape_of(extension), extension)
        elif name.lower() not in READ_ONLY and value is not None:
            attribute = shape.attribute(name)
            kept[attribute.name] = _spelled(value, attribute)
    return kept


def _inner(value: Any, shape: Shape, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise bad_value(f"The value of “{name}” must be an object.")
    attributes = ((shape.attribute(key), one) for key, one in value.items() if one is not None)
    return {attribute.name: _spelled(one, attribute) for attribute, one in attributes}


def _spelled(value: Any, attribute: Attribute) -> Any:
    """Parts under their one spelling, booleans as booleans, everything else untouched."""
    if attribute.is_boolean:
        return truth(value, attribute.name)
    if attribute.is_list:
        items = value if isinstance(value, list) else [value]
        return [_parts(item, attribute) for item in items]
    return _parts(value, attribute)


def _parts(value: Any, attribute: Attribute) -> Any:
    """Raises ScimError where the standard wants parts and there are none, or the reverse."""
    if not attribute.is_known:
        return value
    if not attribute.parts:
        return _single(value, attribute)
    if not isinstance(value, dict):
        if "value" not in attribute.parts or isinstance(value, list):
            raise bad_value(f"“{attribute.name}” must be an object.")
        # Entra sends the manager as a bare id.
        value = {"value": value}
    named = (
        (attribute.parts.get(key.lower()) or Attribute(key), one) for key, one in value.items()
    )
    return {
        part.name: truth(one, part.name) if part.is_boolean else _parts(one, part)
        for part, one in named
        if one is not None
    }


def _single(value: Any, attribute: Attribute) -> Any:
    if isinstance(value, dict | list):
        raise bad_value(f"“{attribute.name}” must be a single value.")
    if isinstance(value, str) and len(value) > LONGEST_VALUE:
        raise bad_value(f"“{attribute.name}” has more than {LONGEST_VALUE} characters.")
    return value


def wanted_user(document: Mapping[str, Any]) -> WantedUser:
    """Raises ScimError for what does not hold, with what would."""
    attributes = dict(document)
    is_active = attributes.get("active")
    if is_active is not None:
        del attributes["active"]
    attributes.pop("password", None)
    user_name = _text(attributes, "userName", needed=True)
    _check_size(attributes)
    addresses = tuple(_addresses(attributes))
    return WantedUser(
        user_name=user_name,
        external_id=_text(attributes, "externalId"),
        name=_name_of(attributes) or user_name,
        addresses=addresses,
        candidates=tuple(dict.fromkeys(_candidates(attributes, user_name))),
        attributes=attributes,
        is_active=None if is_active is None else truth(is_active, "active"),
    )


def wanted_group(document: Mapping[str, Any]) -> WantedGroup:
    attributes = {name: value for name, value in document.items() if name != "members"}
    _check_size(attributes)
    return WantedGroup(
        display_name=_text(attributes, "displayName", needed=True),
        external_id=_text(attributes, "externalId"),
        attributes=attributes,
    )


def _text(attributes: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = attributes.get(name)
    if value is None and not needed:
        return ""
    if not isinstance(value, str) or not value.strip():
        raise bad_value(f"“{name}” is needed, as text.")
    if len(value) > LONGEST_NAME:
        raise bad_value(f"“{name}” has more than {LONGEST_NAME} characters.")
    return value


def _check_size(attributes: Mapping[str, Any]) -> None:
    if len(json.dumps(attributes)) > LARGEST_USER:
        raise ScimError(413, f"A resource has at most {LARGEST_USER // 1024} KB.", kind="tooMany")


def _name_of(attributes: Mapping[str, Any]) -> str:
    name = attributes.get("name")
    parts = name if isinstance(name, dict) else {}
    whole = " ".join(str(parts[key]) for key in ("givenName", "familyName") if parts.get(key))
    said = attributes.get("displayName") or parts.get("formatted") or whole
    return str(said).strip()[:LONGEST_NAME]


def _emails(attributes: Mapping[str, Any]) -> list[dict[str, Any]]:
    emails = attributes.get("emails")
    found = emails if isinstance(emails, list) else []
    return [one for one in found if isinstance(one, dict) and isinstance(one.get("value"), str)]


def _addresses(attributes: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for one in _emails(attributes):
        yield str(one.get("type") or "")[:40], folded(one["value"])[:LONGEST_NAME]


def _candidates(attributes: Mapping[str, Any], user_name: str) -> Iterator[str]:
    emails = _emails(attributes)
    by_worth = sorted(
        emails, key=lambda one: (not one.get("primary"), str(one.get("type")).lower() != "work")
    )
    for address in [*(normalized(one["value"]) for one in by_worth), normalized(user_name)]:
        # As single sign-on takes it: a quoted name is another account with the same mailbox.
        if is_address(address):
            yield address
