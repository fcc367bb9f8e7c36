"""Whether a new schema keeps what an old one promised, to those who read and to old events."""

import json
from collections.abc import Iterator
from typing import Any

Schema = dict[str, Any]

# What may be said otherwise without changing which values are allowed, and what is looked at apart.
_WORDS = {"title", "description", "examples", "default", "$schema", "$id", "$defs"}
_APART = {"properties", "required", "additionalProperties", "enum", "items", "anyOf", "$ref"}


def incompatible(name: str, before: Schema, now: Schema) -> list[str]:
    """A sentence for each way in which `now` breaks a reader of `before`; [] where it does not.

    New optional fields and new enum values are welcome. So a reader treats an enum as open.
    """
    return [
        f"{name}: {what} Leave it as it was, or publish a new version with an upcaster."
        for what in _compare("", before, now, before, now)
    ]


def _compare(
    place: str, before: Schema, now: Schema, old_root: Schema, new_root: Schema
) -> Iterator[str]:
    before, now = _resolved(before, old_root), _resolved(now, new_root)
    shown = place or "the data"
    if _nullable(before) != _nullable(now):
        yield f"`{shown}` {'no longer allows' if _nullable(before) else 'now allows'} null."
    before, now = _without_null(before, old_root), _without_null(now, new_root)
    old_shape, new_shape = _shape(before), _shape(now)
    if old_shape != new_shape:
        yield f"`{shown}` was {_said(old_shape)} and is now {_said(new_shape)}."
        return
    if gone := [value for value in before.get("enum", ()) if value not in now.get("enum", [value])]:
        yield f"`{shown}` no longer knows {', '.join(map(repr, gone))}."
    if "enum" in now and "enum" not in before:
        yield f"`{shown}` was free and now takes only {', '.join(map(repr, now['enum']))}."
    yield from _fields(place, before, now, old_root, new_root)
    for inner in ("items", "additionalProperties"):
        if isinstance(before.get(inner), dict) and isinstance(now.get(inner), dict):
            yield from _compare(f"{place}[]", before[inner], now[inner], old_root, new_root)


def _fields(
    place: str, before: Schema, now: Schema, old_root: Schema, new_root: Schema
) -> Iterator[str]:
    old, new = before.get("properties", {}), now.get("properties", {})
    required = set(before.get("required", ())), set(now.get("required", ()))
    for field in old:
        path = f"{place}.{field}" if place else field
        if field not in new:
            added = sorted(new.keys() - old.keys())
            hint = f" (renamed to one of {', '.join(added)}?)" if added else ""
            yield f"the field `{path}` is gone{hint}."
            continue
        if (field in required[0]) != (field in required[1]):
            now_so = "required, and older events lack it" if field in required[1] else "optional"
            yield f"the field `{path}` is now {now_so}."
        yield from _compare(path, old[field], new[field], old_root, new_root)
    for field in sorted(new.keys() - old.keys()):
        if field in required[1]:
            path = f"{place}.{field}" if place else field
            yield f"the new field `{path}` is required, and older events lack it."


def _resolved(node: Schema, root: Schema) -> Schema:
    while "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        node = root["$defs"][name]
    return node


def _nullable(node: Schema) -> bool:
    return {"type": "null"} in node.get("anyOf", ())


def _without_null(node: Schema, root: Schema) -> Schema:
    """The one other alternative: `X | None` is all the union that the contracts know."""
    if not _nullable(node):
        return node
    others = [part for part in node["anyOf"] if part != {"type": "null"}]
    return _resolved(others[0], root) if len(others) == 1 else {"anyOf": others}


def _shape(node: Schema) -> Schema:
    shape = {word: said for word, said in node.items() if word not in _WORDS | _APART}
    if "anyOf" in node:
        shape["anyOf"] = node["anyOf"]
    return shape


def _said(shape: Schema) -> str:
    kind = shape.get("format") or shape.get("type")
    return str(kind) if set(shape) <= {"type", "format", "pattern"} and kind else json.dumps(shape)
