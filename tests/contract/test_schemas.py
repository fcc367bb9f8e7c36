"""Every event has its schemas and a golden example, and the committed files are those generated."""

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker, ValidationError

from shared.contracts import export
from shared.contracts.payloads import HERE, SIDES, Side, example, schema
from shared.contracts.registry import SHAPES, decode, emitted

TYPES = sorted(SHAPES)


def committed(name: str, side: Side) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / "schemas" / f"{name}.{side}.json").read_text())
    return found


def validate(name: str, side: Side, data: object) -> None:
    Draft202012Validator(committed(name, side), format_checker=FormatChecker()).validate(data)


@pytest.mark.parametrize("name", TYPES)
def test_a_type_has_valid_schemas_and_an_example_that_fits_both(name: str) -> None:
    golden = json.loads((HERE / "examples" / f"{name}.json").read_bytes())
    for side in SIDES:
        Draft202012Validator.check_schema(committed(name, side))
        validate(name, side, golden)


@pytest.mark.parametrize("name", TYPES)
def test_a_golden_example_survives_reading_and_writing_byte_for_byte(name: str) -> None:
    golden = (HERE / "examples" / f"{name}.json").read_bytes()
    assert emitted(decode(name, golden), {name}) == (name, golden)


@pytest.mark.parametrize("name", TYPES)
def test_a_new_field_stops_a_producer_and_no_consumer(name: str) -> None:
    data = {**json.loads(example(name)), "added_in_2030": "x"}
    validate(name, "open", data)
    with pytest.raises(ValidationError, match="added_in_2030"):
        validate(name, "closed", data)


def test_a_new_field_deep_inside_stops_a_producer_and_no_consumer() -> None:
    name = "fuyan.case.opened.v1"
    data = json.loads(example(name))
    data["self_totals"]["by_category"][0]["added_in_2030"] = 1
    validate(name, "open", data)
    with pytest.raises(ValidationError, match="added_in_2030"):
        validate(name, "closed", data)


def test_a_value_added_to_an_enum_stops_a_producer_and_no_consumer() -> None:
    name = "fuyan.case.closed.v1"
    data = {**json.loads(example(name)), "outcome": "postponed"}
    validate(name, "open", data)
    with pytest.raises(ValidationError, match="postponed"):
        validate(name, "closed", data)


@pytest.mark.parametrize("day", ["2018-9-5", "2018-09-05T00:00:00Z", "5.9.2018"])
@pytest.mark.parametrize("side", SIDES)
def test_a_day_in_another_form_is_refused_by_both(side: Side, day: str) -> None:
    name = "fuyan.dossier.plan-filed.v1"
    with pytest.raises(ValidationError):
        validate(name, side, {**json.loads(example(name)), "due_on": day})


def test_points_are_integers_whose_unit_the_schema_tells() -> None:
    gap = schema("fuyan.dossier.deficiency-found.v1", "open")["properties"]["gap_cp"]
    assert gap == {"type": "integer", "description": "In 1/100 point."}


def test_the_committed_contracts_are_what_the_registry_generates() -> None:
    assert export.broken() == []
    assert export.drifted() == []


def test_generating_twice_gives_the_same_bytes() -> None:
    assert dict(export.files()) == dict(export.files())


def test_drift_is_named_file_by_file(tmp_path: Path) -> None:
    export.write(tmp_path)
    (tmp_path / "schemas" / "fuyan.case.opened.v1.open.json").write_text("{}")
    (tmp_path / "asyncapi.yaml").unlink()
    (tmp_path / "examples" / "fuyan.case.forgotten.v1.json").write_text("{}")
    assert export.drifted(tmp_path) == [
        "schemas/fuyan.case.opened.v1.open.json is not what the registry says.",
        "asyncapi.yaml is missing.",
        "examples/fuyan.case.forgotten.v1.json belongs to no type.",
    ]
