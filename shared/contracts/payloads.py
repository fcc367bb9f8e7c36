"""What the value of each event is: its JSON Schema and its golden example, from the registry.

`closed` schemas are for whoever produces: a field nobody agreed on is an error. `open` ones are for
whoever consumes: a field added next year must not stop them.
"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from shared.contracts.registry import ADAPTERS, SHAPES

Side = Literal["open", "closed"]
Schema = dict[str, Any]

SIDES: tuple[Side, ...] = ("open", "closed")
HERE = Path(__file__).parent
DIALECT = "https://json-schema.org/draft/2020-12/schema"
_UNITS = {
    "_cp": "In 1/100 point.",
    "_bp": "In 1/10 000; 10 000 is the whole.",
    "_fen": "In 1/100 yuan.",
    "_wd": "In working days, by the calendar known at that moment.",
    "_on": "A civil day in Asia/Shanghai.",
    "_at": "An instant, RFC 3339.",
}
# `format` only annotates in 2020-12, so the shape is a pattern as well.
_PATTERNS = {
    "date": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    "date-time": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$",
}


@cache
def _samples() -> Mapping[str, Any]:
    samples: Mapping[str, Any] = yaml.safe_load((HERE / "samples.yaml").read_text("utf-8"))
    return samples


def example(name: str) -> bytes:
    """The golden payload of a type, as its bytes travel.

    Raises LookupError for a required field that samples.yaml does not know.
    """
    shape, samples = SHAPES[name], _samples()
    properties = ADAPTERS[shape].json_schema()["properties"]
    known = samples["ordinary"] | samples["events"].get(name, {})
    try:
        sample = ADAPTERS[shape].validate_python(
            {field: known[field] for field in properties if field in known}
        )
    except ValueError as error:
        raise LookupError(f"samples.yaml has no fitting values for {name}: {error}") from error
    return ADAPTERS[shape].dump_json(sample, by_alias=True)


@cache
def schema(name: str, side: Side) -> Schema:
    """The JSON Schema 2020-12 of a type's data."""
    made = ADAPTERS[SHAPES[name]].json_schema()
    _describe(made, closed=side == "closed")
    return {
        "$schema": DIALECT,
        "$id": f"/v1/contracts/{name}" + ("?side=closed" if side == "closed" else ""),
        **made,
        "title": name,
        "examples": [json.loads(example(name))],
    }


def _describe(node: Schema, *, closed: bool) -> None:
    """Say units and shapes, and leave out the titles that only repeat a name."""
    for field, described in node.get("properties", {}).items():
        described.pop("title", None)
        unit = next((said for end, said in _UNITS.items() if field.endswith(end)), None)
        if unit is not None:
            described.setdefault("description", unit)
    if "properties" in node:
        # An object without properties is free by its definition, on both sides.
        node["additionalProperties"] = not closed
    if "const" in node:
        node["enum"] = [node.pop("const")]
    if not closed and "enum" in node:
        # A value added next year must not stop a consumer: it is told them, not bound to them.
        known = ", ".join(f"`{value}`" for value in node.pop("enum"))
        node["description"] = f"One of {known}; more may be added."
    if node.get("format") in _PATTERNS:
        node["pattern"] = _PATTERNS[node["format"]]
    for part in _parts(node):
        _describe(part, closed=closed)


def _parts(node: Schema) -> Iterator[Schema]:
    """The schemas inside a schema; never the values that merely look like one."""
    for named in ("properties", "$defs"):
        yield from node.get(named, {}).values()
    for inner in ("items", "additionalProperties"):
        if isinstance(node.get(inner), dict):
            yield node[inner]
    yield from node.get("anyOf", ())
