"""A change that would break a reader, or the reading of old events, is named; others pass."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from deploy.cli import surface
from deploy.cli.contracts import app
from shared.contracts import export
from shared.contracts.compatibility import incompatible
from shared.contracts.payloads import schema

NAME = "fuyan.dossier.self-assessment-recorded.v1"
Schema = dict[str, Any]


def changed(change: Callable[[Schema], object]) -> list[str]:
    """What is said of the schema once `change` was done to it."""
    before = schema(NAME, "closed")
    now = copy.deepcopy(before)
    change(now)
    return incompatible(NAME, before, now)


def says(found: list[str], *words: str) -> bool:
    return len(found) == 1 and all(word in found[0] for word in (NAME, *words))


def test_nothing_changed_breaks_nothing() -> None:
    assert changed(lambda now: None) == []


def test_a_field_gone_is_named() -> None:
    found = changed(lambda now: now["properties"].pop("previous_total_cp"))
    assert says(found, "`previous_total_cp` is gone")


def test_a_field_renamed_is_named_with_its_likely_new_name() -> None:
    def rename(now: Schema) -> None:
        now["properties"]["earlier_total_cp"] = now["properties"].pop("previous_total_cp")

    assert says(changed(rename), "`previous_total_cp` is gone", "earlier_total_cp")


def test_a_field_gone_deep_inside_is_named_by_its_path() -> None:
    found = changed(lambda now: now["$defs"]["CategoryTotal"]["properties"].pop("max_cp"))
    assert says(found, "`totals.by_category[].max_cp` is gone")


def test_another_type_is_named_with_both() -> None:
    found = changed(lambda now: now["properties"].update(to_pass_cp={"type": "string"}))
    assert says(found, "`to_pass_cp` was integer and is now string")


def test_a_list_of_something_else_is_named() -> None:
    evidence = {"type": "array", "items": {"type": "integer"}}
    found = changed(lambda now: now["$defs"]["Mark"]["properties"].update(evidence=evidence))
    assert says(found, "`marks[].evidence[]` was string and is now integer")


def test_a_day_that_becomes_an_instant_is_named() -> None:
    day = {"type": "string", "format": "date-time"}
    found = changed(lambda now: now["properties"].update(effective_on=day))
    assert says(found, "`effective_on` was date and is now date-time")


def test_a_field_that_may_now_be_null_is_named() -> None:
    nullable = {"anyOf": [{"type": "integer"}, {"type": "null"}]}
    found = changed(lambda now: now["properties"].update(to_pass_cp=nullable))
    assert says(found, "`to_pass_cp` now allows null")


def test_a_new_required_field_is_named() -> None:
    def require(now: Schema) -> None:
        now["properties"]["signed_by"] = {"type": "string"}
        now["required"].append("signed_by")

    assert says(changed(require), "new field `signed_by` is required")


def test_an_optional_field_that_becomes_required_is_named() -> None:
    found = changed(lambda now: now["required"].append("previous_total_cp"))
    assert says(found, "`previous_total_cp` is now required")


def test_a_required_field_that_becomes_optional_is_named() -> None:
    found = changed(lambda now: now["required"].remove("kind"))
    assert says(found, "`kind` is now optional")


def test_an_enum_value_removed_is_named() -> None:
    found = changed(lambda now: now["properties"]["kind"]["enum"].remove("gap"))
    assert says(found, "`kind` no longer knows 'gap'")


def test_an_enum_that_lost_two_values_names_both() -> None:
    found = changed(lambda now: now["properties"].update(kind={"type": "string", "enum": ["full"]}))
    assert says(found, "`kind` no longer knows 'gap', 'pre-application'")


def test_an_enum_that_becomes_free_text_breaks_nobody() -> None:
    assert changed(lambda now: now["properties"]["kind"].pop("enum")) == []


def test_free_text_that_becomes_an_enum_is_named() -> None:
    closed = {"type": "string", "enum": ["S1"]}
    found = changed(lambda now: now["properties"].update(assessment_id=closed))
    assert says(found, "`assessment_id` was free")


@pytest.mark.parametrize(
    "change",
    [
        lambda now: now["properties"].update(note={"type": "string"}),
        lambda now: now["properties"]["kind"]["enum"].append("spot-check"),
        lambda now: now["properties"]["kind"].update(description="Which kind."),
        lambda now: now["$defs"].update(Spare={"type": "object"}),
    ],
    ids=["an optional field", "an enum value", "a description", "an unused definition"],
)
def test_an_addition_breaks_nobody(change: Callable[[Schema], object]) -> None:
    assert changed(change) == []


@pytest.fixture
def published(tmp_path: Path) -> Path:
    """A copy of the contracts in which a field was promised that the registry does not have."""
    export.write(tmp_path)
    path = tmp_path / "schemas" / f"{NAME}.closed.json"
    promised = json.loads(path.read_text())
    promised["properties"]["promised"] = {"type": "string"}
    path.write_text(json.dumps(promised))
    return tmp_path


def test_neither_check_nor_export_passes_over_a_broken_promise(published: Path) -> None:
    path = published / "schemas" / f"{NAME}.closed.json"
    before = path.read_bytes()
    for command in ("check", "export"):
        answer = CliRunner().invoke(app, [command, "--in", str(published)])
        assert answer.exit_code == 3
        assert f"{NAME}: the field `promised` is gone" in answer.output
    assert path.read_bytes() == before


def test_a_broken_promise_is_found_in_what_was_published_elsewhere(published: Path) -> None:
    answer = CliRunner().invoke(app, ["check", "--against", str(published), "--json"])
    assert answer.exit_code == 3
    assert "`promised` is gone" in json.loads(answer.output)["findings"][0]


def test_a_published_type_that_vanished_is_a_broken_promise(tmp_path: Path) -> None:
    export.write(tmp_path)
    gone = tmp_path / "schemas" / "fuyan.case.postponed.v1.closed.json"
    gone.write_text("{}")
    assert export.broken(tmp_path) == [
        "fuyan.case.postponed.v1 is gone: a published type stays, and a new version joins it."
    ]


def test_an_old_example_that_cannot_be_read_is_a_broken_promise(tmp_path: Path) -> None:
    export.write(tmp_path)
    (tmp_path / "examples" / f"{NAME}.json").write_text('{"programme":"shanting-2018"}')
    found = export.broken(tmp_path)
    assert len(found) == 1
    assert found[0].startswith(f"{NAME}: its committed example can no longer be read")


def test_check_tells_drift_from_a_broken_promise_and_export_mends_it(tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    export.write(tmp_path)
    surface.write(docs)
    (tmp_path / "asyncapi.yaml").write_text("asyncapi: 2.6.0")
    (docs / "problems.md").unlink()
    runner, where = CliRunner(), ["--in", str(tmp_path), "--docs", str(docs)]
    drifted = runner.invoke(app, ["check", *where])
    assert drifted.exit_code == 1
    assert "asyncapi.yaml is not what the registry says." in drifted.output
    assert "docs/problems.md is missing." in drifted.output
    assert "2 file(s) changed." in runner.invoke(app, ["export", *where]).output
    assert runner.invoke(app, ["check", *where]).exit_code == 0
