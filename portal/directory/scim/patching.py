"""PATCH on the stored attributes, in the dialects of the standard, of Okta and of Entra ID.

Okta leaves out the path and sends an object; Entra capitalises operations, writes booleans as
text, uses full schema paths as names, and removes by a value next to the path.
"""

from collections.abc import Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

from scim2_models import Path, SCIMException
from scim2_models.path import AttrPath, PathNode, ValuePath

from portal.directory.scim.errors import ScimError, bad_path, bad_syntax, bad_value
from portal.directory.scim.matching import implied_values, matches
from portal.directory.scim.schemas import READ_ONLY, Attribute, Shape

Document = dict[str, Any]
LONGEST_PATH = 500
MOST_OPERATIONS = 1000


@dataclass(frozen=True)
class Operation:
    """One operation, read: `add`, `replace` or `remove`, where, and with what."""

    op: str
    path: str
    value: Any
    has_value: bool


def operations_of(body: Any) -> list[Operation]:
    """The operations of a PATCH body. Raises ScimError."""
    raw = _member(body, "operations")
    if not isinstance(raw, list) or not raw:
        raise bad_syntax("Send “Operations” with one or more operations.")
    if len(raw) > MOST_OPERATIONS:
        raise ScimError(413, f"Send at most {MOST_OPERATIONS} operations at once.", kind="tooMany")
    return [_operation(one) for one in raw]


def _operation(raw: Any) -> Operation:
    if not isinstance(raw, dict):
        raise bad_syntax("Each operation is an object with op, path and value.")
    op, path = _member(raw, "op"), _member(raw, "path") or ""
    if not isinstance(op, str) or op.lower() not in {"add", "replace", "remove"}:
        raise bad_syntax("“op” must be add, replace or remove.")
    if not isinstance(path, str) or len(path) > LONGEST_PATH:
        raise bad_path(f"“path” must be text of at most {LONGEST_PATH} characters.")
    named = {name.lower() for name in raw}
    operation = Operation(op.lower(), path.strip(), _member(raw, "value"), "value" in named)
    if operation.op != "remove" and not operation.has_value:
        raise bad_value(f"The operation “{operation.op}” needs a value.")
    if operation.op == "remove" and not operation.path:
        raise ScimError(400, "The operation “remove” needs a path.", kind="noTarget")
    return operation


def _member(raw: Any, name: str) -> Any:
    if not isinstance(raw, dict):
        raise bad_syntax("Send a JSON object.")
    return next((value for key, value in raw.items() if key.lower() == name), None)


def spread(operation: Operation) -> Iterator[tuple[str, Any]]:
    """Path and value of each part; an operation without a path is one for each name in it."""
    if operation.path:
        yield operation.path, operation.value
        return
    if not isinstance(operation.value, dict):
        raise bad_value("An operation without a path needs an object as its value.")
    yield from operation.value.items()


def patched(document: Mapping[str, Any], operations: list[Operation], shape: Shape) -> Document:
    """A copy of the document with every operation applied, all or none. Raises ScimError."""
    patcher = _Patcher(deepcopy(dict(document)), shape)
    for operation in operations:
        for path, value in spread(operation):
            patcher.apply(operation, path, value)
    return patcher.document


def parsed(path: str) -> PathNode:
    try:
        node: PathNode | None = Path(path).ast
    except (SCIMException, ValueError) as wrong:
        raise bad_path(f"The path “{path[:80]}” cannot be read: {wrong}.") from wrong
    if not isinstance(node, AttrPath | ValuePath):
        raise bad_path(f"The path “{path[:80]}” names no attribute.")
    return node


def _is_ours(operation: Operation, path: AttrPath) -> bool:
    """What the service says itself: passed over in an object, refused when named."""
    if path.attr.lower() not in READ_ONLY or (path.uri and "extension" in path.uri):
        return False
    if operation.path and path.attr.lower() != "schemas":
        raise ScimError(400, f"“{path.attr}” is read-only.", kind="mutability")
    return True


class _Patcher:
    """One document while its operations are applied."""

    def __init__(self, document: Document, shape: Shape) -> None:
        self.document, self.shape = document, shape

    def apply(self, operation: Operation, path: str, value: Any) -> None:
        extension = self.shape.extension(path)
        if extension is not None and extension in {*self.shape.extensions, *self.document}:
            self._whole_extension(operation.op, extension, value)
            return
        node = parsed(path)
        plain = node.attr_path if isinstance(node, ValuePath) else node
        if not isinstance(plain, AttrPath) or _is_ours(operation, plain):
            return
        container, inner = self._container(plain)
        target = Target(container, inner.attribute(plain.attr), operation.op, value)
        target.take(node, plain, has_value=operation.has_value)
        if container is not self.document and not container:
            self.document.pop(str(self.shape.extension(str(plain.uri))), None)

    def _whole_extension(self, op: str, extension: str, value: Any) -> None:
        if op == "remove":
            self.document.pop(extension, None)
            return
        if not isinstance(value, dict):
            raise bad_value(f"The value of “{extension}” must be an object.")
        inner = Operation(op, "", value, has_value=True)
        held = self.document.get(extension, {})
        self.document[extension] = patched(held, [inner], self.shape.shape_of(extension))

    def _container(self, path: AttrPath) -> tuple[Document, Shape]:
        extension = self.shape.extension(path.uri) if path.uri else None
        if extension is None:
            return self.document, self.shape
        held = self.document.setdefault(extension, {})
        if not isinstance(held, dict):
            raise bad_value(f"“{extension}” does not hold attributes.")
        return held, self.shape.shape_of(extension)


@dataclass
class Target:
    """Where one part of an operation lands."""

    container: Document
    attribute: Attribute
    op: str
    value: Any

    @property
    def name(self) -> str:
        return self.attribute.name

    def take(self, node: PathNode, path: AttrPath, *, has_value: bool) -> None:
        if isinstance(node, ValuePath):
            self.select(node)
        elif path.sub_attr:
            self.change_part(path.sub_attr)
        elif self.op == "remove":
            self.remove(has_value=has_value)
        else:
            self.write()

    def write(self) -> None:
        """Add or replace the whole attribute; null takes it away."""
        if self.value is None:
            self.container.pop(self.name, None)
        elif self.attribute.is_list:
            self._write_list()
        elif self.attribute.parts:
            self._merge(_single(self.value))
        else:
            self.container[self.name] = _single(self.value)

    def _write_list(self) -> None:
        fresh = self.value if isinstance(self.value, list) else [self.value]
        kept = self._items() if self.op == "add" else []
        fresh = [item for item in fresh if item not in kept]
        if any(_is_primary(item) for item in fresh):
            kept = [_not_primary(item) for item in kept]
        self.container[self.name] = [*kept, *fresh]

    def _merge(self, value: Any) -> None:
        """A complex attribute keeps the parts that are not named."""
        if not isinstance(value, dict):
            if "value" not in self.attribute.parts or isinstance(value, list):
                raise bad_value(f"“{self.name}” must be an object.")
            # Entra sends the manager as its bare id.
            value = {"value": value}
        held = self.container.get(self.name)
        merged = {**(held if isinstance(held, dict) else {}), **value}
        self.container[self.name] = {key: one for key, one in merged.items() if one is not None}

    def remove(self, *, has_value: bool) -> None:
        """Without a value all of it; with one, exactly the named items and never the rest."""
        if not (has_value and self.attribute.is_list):
            self.container.pop(self.name, None)
            return
        named = self.value if isinstance(self.value, list) else [self.value]
        gone = [_value_of(item) for item in named]
        self._keep([item for item in self._items() if _value_of(item) not in gone])

    def change_part(self, part: str) -> None:
        """`name.givenName`, or a part of every item of a list."""
        known = self.attribute.parts.get(part.lower())
        part = known.name if known else part
        if self.attribute.is_list:
            for item in self._items():
                _set_part(item, part, None if self.op == "remove" else self.value)
            return
        held = self.container.setdefault(self.name, {})
        if not isinstance(held, dict):
            raise bad_path(f"“{self.name}” has no parts.")
        _set_part(held, part, None if self.op == "remove" else self.value)
        if not held:
            self.container.pop(self.name, None)

    def select(self, node: ValuePath) -> None:
        """`emails[type eq "work"]`, with or without a part behind it."""
        items = self._items()
        chosen = [item for item in items if matches(node.val_filter, item)]
        if self.op == "remove":
            self._remove_chosen(node, items, chosen)
            return
        if not chosen:
            # Entra replaces what was never there and expects it to be made.
            chosen = [implied_values(node.val_filter)]
            self.container[self.name] = [*items, chosen[0]]
        for item in chosen:
            self._write_into(item, node)

    def _write_into(self, item: Document, node: ValuePath) -> None:
        if node.sub_attr:
            known = self.attribute.parts.get(node.sub_attr.lower())
            _set_part(item, known.name if known else node.sub_attr, self.value)
        elif isinstance(self.value, dict):
            item.update(self.value)
        else:
            raise bad_value(f"The value for “{node}” must be an object.")
        if _is_primary(item):
            for other in self._items():
                if other is not item:
                    other.pop("primary", None)

    def _remove_chosen(self, node: ValuePath, items: list[Any], chosen: list[Any]) -> None:
        if not node.sub_attr:
            self._keep([item for item in items if not any(item is one for one in chosen)])
            return
        for item in chosen:
            _set_part(item, node.sub_attr, None)

    def _items(self) -> list[Any]:
        held = self.container.get(self.name, [])
        return held if isinstance(held, list) else [held]

    def _keep(self, items: list[Any]) -> None:
        if items:
            self.container[self.name] = items
        else:
            self.container.pop(self.name, None)


def _single(value: Any) -> Any:
    """Entra wraps some single values into a list of one."""
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _set_part(item: Any, part: str, value: Any) -> None:
    if not isinstance(item, dict):
        raise bad_path("The items of this attribute have no parts.")
    if value is None:
        item.pop(part, None)
    else:
        item[part] = value


def _value_of(item: Any) -> Any:
    return item.get("value") if isinstance(item, dict) else item


def _is_primary(item: Any) -> bool:
    return isinstance(item, dict) and item.get("primary") is True


def _not_primary(item: Any) -> Any:
    return {k: v for k, v in item.items() if k != "primary"} if isinstance(item, dict) else item
