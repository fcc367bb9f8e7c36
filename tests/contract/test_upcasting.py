"""What was said in an earlier version is read for ever, as today's event; and written as ruled."""

import json
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

from shared.contracts import export, registry
from shared.contracts.dossier import GoodPracticeShared
from shared.contracts.earlier import EARLIER, Earlier
from shared.contracts.payloads import HERE
from shared.contracts.refusals import Refused
from shared.contracts.registry import (
    BY_TYPE,
    SHAPES,
    UnknownVersion,
    decode,
    emitted,
    newest,
    readable,
    written,
)
from shared.settings import ServiceSettings

V1 = "fuyan.dossier.good-practice-shared.v1"
V2 = "fuyan.dossier.good-practice-shared.v2"
V3 = "fuyan.dossier.good-practice-shared.v3"
Schema = dict[str, Any]


def golden(name: str) -> bytes:
    return (HERE / "examples" / f"{name}.json").read_bytes()


def committed(name: str) -> Schema:
    found: Schema = json.loads((HERE / "schemas" / f"{name}.closed.json").read_bytes())
    return found


def valid(node: Schema, root: Schema) -> st.SearchStrategy[Any]:
    """Any value that a schema of ours allows."""
    match node:
        case {"$ref": str(place)}:
            return valid(root["$defs"][place.rpartition("/")[2]], root)
        case {"anyOf": parts}:
            return st.one_of([valid(part, root) for part in parts])
        case {"enum": values}:
            return st.sampled_from(values)
        case {"type": "object", "properties": fields}:
            needed = {name: valid(fields[name], root) for name in node.get("required", ())}
            rest = {name: valid(fields[name], root) for name in fields if name not in needed}
            return st.fixed_dictionaries(needed, optional=rest)
        case {"type": "array", "items": items}:
            return st.lists(valid(items, root), max_size=3)
        case {"type": "string", "format": "date"}:
            return st.dates(min_value=date(1000, 1, 1)).map(date.isoformat)
        case {"type": "string"}:
            return st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
        case {"type": "integer"}:
            return st.integers(-(2**53), 2**53)
        case {"type": "boolean"}:
            return st.booleans()
        case {"type": "null"}:
            return st.none()
    raise AssertionError(f"no strategy for {node}")


def every_value_of(name: str) -> st.SearchStrategy[bytes]:
    return valid(committed(name), committed(name)).map(lambda value: json.dumps(value).encode())


@pytest.mark.parametrize("name", sorted(EARLIER))
def test_an_earlier_example_is_read_as_the_newest_event(name: str) -> None:
    event = decode(name, golden(name))
    assert type(event) is BY_TYPE[newest(name)]
    said = json.loads(golden(name))
    for field in ("programme", "township", "practice_id", "publicity", "title"):
        assert getattr(event, field) == said[field]


@pytest.mark.parametrize("name", sorted(EARLIER))
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_every_value_of_an_earlier_schema_has_a_place_in_the_newest(
    name: str, data: st.DataObject
) -> None:
    said = data.draw(every_value_of(name))
    event = decode(name, said)
    newest_name, written = emitted(event, {newest(name)})
    Draft202012Validator(committed(newest_name)).validate(json.loads(written))
    # Written as before it says what it said: a state folded from memory is that of the log.
    again, older = emitted(event)
    assert decode(again, older) == event


def test_a_later_version_is_written_only_once_it_is_raised() -> None:
    event = decode(V1, golden(V1))
    assert emitted(event) == (V1, golden(V1))
    name, data = emitted(event, {V2})
    assert name == V2
    assert json.loads(data) == json.loads(golden(V1)) | {"shared_with": []}


def test_what_the_older_version_has_no_words_for_is_refused_until_then() -> None:
    event = decode(V2, golden(V2))
    with pytest.raises(Refused) as refused:
        emitted(event)
    assert (refused.value.code, refused.value.facts) == ("emission-not-raised", {"type": V2})
    assert emitted(event, {V2}) == (V2, golden(V2))


def test_an_unknown_version_of_a_known_event_is_told_from_an_unknown_event() -> None:
    with pytest.raises(UnknownVersion):
        decode(V3, golden(V2))


@dataclass(frozen=True, slots=True, kw_only=True)
class Third:
    """A made-up third version."""

    title: str
    effective_on: date
    readers: tuple[str, ...]


def test_versions_are_climbed_and_descended_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    kept: dict[str, GoodPracticeShared] = {}

    def up(old: GoodPracticeShared) -> Third:
        kept[old.title] = old
        return Third(
            title=old.title,
            effective_on=old.effective_on,
            readers=(old.publicity, *old.shared_with),
        )

    def down(new: Third) -> GoodPracticeShared | None:
        publicity, *some = new.readers
        return replace(kept[new.title], publicity=publicity, shared_with=tuple(some))  # type: ignore[arg-type]

    second = Earlier(GoodPracticeShared, V3, up, down)
    monkeypatch.setitem(cast("dict[str, Any]", EARLIER), V2, second)
    monkeypatch.setitem(registry._PREVIOUS, V3, V2)
    monkeypatch.setitem(registry.SHAPES, V3, Third)
    monkeypatch.setitem(cast("dict[type, Any]", registry.ADAPTERS), Third, TypeAdapter(Third))
    monkeypatch.setitem(cast("dict[type, str]", registry._NAMES), Third, V3)
    event: Any = decode(V1, golden(V1))
    assert (type(event), event.readers) == (Third, ("internal",))
    assert newest(V1) == V3
    assert emitted(event)[0] == V1
    assert emitted(event, {V2})[0] == V2
    assert emitted(event, {V3, V2})[0] == V3
    with pytest.raises(Refused, match="emission-not-raised"):
        emitted(replace(event, readers=("named", "370406100")))


def test_taking_an_earlier_version_away_is_a_broken_promise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delitem(registry.SHAPES, V1)
    found = export.broken()
    assert found == [f"{V1} is gone: a published type stays, and a new version joins it."]


def serving(emit: str) -> ServiceSettings:
    return ServiceSettings(
        database="x", kafka="x", issuer="https://x", jwks_url="https://x", emit=emit
    )


@pytest.mark.parametrize(
    ("emit", "raised"), [("", set()), (V2, {V2}), (f" {V2} , {V1},", {V1, V2})]
)
def test_the_setting_lists_what_is_written_from_now_on(emit: str, raised: set[str]) -> None:
    assert serving(emit).emitted == raised


def test_a_service_that_is_told_to_write_what_it_does_not_know_does_not_start() -> None:
    with pytest.raises(ValueError, match=r"FUYAN_EMIT names .*\.v3"):
        serving(V3)


def test_every_earlier_version_leads_to_one_that_is_known() -> None:
    for name, earlier in EARLIER.items():
        assert earlier.next in SHAPES
        assert name.rpartition(".")[0] == earlier.next.rpartition(".")[0]


@pytest.mark.parametrize("raised", [(), (V2,)])
def test_a_service_says_what_it_reads_and_what_it_emits(raised: tuple[str, ...]) -> None:
    """It reads all versions, of its own log too; it writes the first that is not yet replaced."""
    assert {V1, V2} <= set(readable(["dossier", "case"]))
    said = [name for name in written(["dossier"], raised) if "good-practice" in name]
    assert said == [V2 if raised else V1]
