"""Each way of tampering with an export is named exactly: which event, which stream, which head."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest

from deploy.local.postgres import Databases
from deploy.proof.bundle import Bundle, Scope
from deploy.proof.check import check
from shared.contracts.audit import ADAPTER
from shared.events.signing import public_keys
from tests.integration.exports import (
    SERVICE,
    Parts,
    at,
    data_denied,
    data_taken_out,
    edit,
    forged_beside_its_hash,
    headed,
    lines,
    loaded,
    parts,
    played,
    put,
    rebuilt,
    sealed_anew,
    stored,
    taken,
    with_another,
)
from tests.integration.heads import key_file, signer

Found = set[tuple[str, object]]
Ways = dict[str, tuple[Callable[[Parts], object], Found]]
TOWNSHIP = Scope(programme="p", township="t")


class Taken:
    """The same log as a whole, with its data and without, and one township of it."""

    def __init__(self, directory: Path, database: str) -> None:
        self.directory = directory
        self.database = database
        self.whole = directory / "whole.zip"
        self.bare = directory / "bare.zip"
        self.township = directory / "township.zip"


@pytest.fixture(scope="module")
async def exports(
    postgres: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Taken]:
    name = f"test_{uuid4().hex}"
    await postgres.create_database(name)
    found = Taken(tmp_path_factory.mktemp("exports"), postgres.dsn(name))
    await played(found.database, found.directory)
    await taken(found.database, found.whole)
    await taken(found.database, found.bare, content=False)
    await taken(found.database, found.township, TOWNSHIP)
    yield found
    await postgres.drop_database(name)


PLACES = ("position", "stream", "size", "part", "start", "first", "line")


def found_in(file: Path, key: object = None) -> Found:
    checked = check(Bundle(file), key)  # type: ignore[arg-type]
    for finding in checked.findings:
        assert finding.told(0)
        assert finding.told(1)
    return {
        (finding.code, next((finding.facts[p] for p in PLACES if p in finding.facts), None))
        for finding in checked.findings
    }


def tampered(file: Path, how: Callable[[Parts], object], tmp_path: Path) -> Found:
    changed = parts(file)
    how(changed)
    return found_in(rebuilt(changed, tmp_path / "tampered.zip"))


def reason(line: bytes) -> bytes:
    return line.replace(b'"noted"', b'"voted"')


def header(name: str, value: str) -> Callable[[bytes], bytes]:
    def change(line: bytes) -> bytes:
        before = json.loads(line)[name]
        return line.replace(f'"{name}":"{before}"'.encode(), f'"{name}":"{value}"'.encode())

    return change


def changing(name: str, value: str) -> Callable[[Parts], object]:
    return lambda found: edit(found, 2, header(name, value))


def without(found: Parts, *positions: int) -> None:
    gone = {at(found, position) for position in positions}
    put(found, [line for index, line in enumerate(lines(found)) if index not in gone])


def swapped(found: Parts, first: int, second: int) -> None:
    changed, a, b = lines(found), at(found, first), at(found, second)
    changed[a], changed[b] = changed[b], changed[a]
    put(found, changed)


def to_the_end(found: Parts, position: int) -> None:
    changed = lines(found)
    changed.append(changed.pop(at(found, position)))
    put(found, changed)


def again(found: Parts, position: int, behind: int, change: Callable[[bytes], bytes]) -> None:
    changed = lines(found)
    changed.insert(at(found, behind) + 1, change(changed[at(found, position)]))
    put(found, changed)


def cut_with_heads(found: Parts) -> None:
    """The tail goes, and the heads that knew of it."""
    without(found, 9, 10, 11, 12)
    heads = loaded(found, "heads.json")
    heads["heads"][SERVICE] = [h for h in heads["heads"][SERVICE] if h["size"] <= 8]
    stored(found, "heads.json", heads)


def one_leaf(found: Parts) -> None:
    name = f"leaves/{SERVICE}.bin"
    found[name] = found[name][:32] + b"\0" * 32 + found[name][64:]


def everything_anew(found: Parts) -> None:
    """Data, the leaf of the line, and the file of leaves: only the signature is out of reach."""
    edit(found, 2, lambda line: sealed_anew(reason(line)))
    name, told = f"leaves/{SERVICE}.bin", json.loads(lines(found)[at(found, 2)])["leaf"]
    found[name] = found[name][:32] + bytes.fromhex(told) + found[name][64:]


SOLID: Ways = {
    "data": (lambda f: edit(f, 3, reason), {("event-altered", 3)}),
    "data, sealed anew": (
        lambda f: edit(f, 3, lambda line: sealed_anew(reason(line))),
        {("event-altered", 3)},
    ),
    "a salt": (lambda f: edit(f, 4, header("salt", "00" * 16)), {("event-altered", 4)}),
    "data beside the hash of others": (
        lambda f: edit(f, 3, forged_beside_its_hash),
        {("event-altered", 3)},
    ),
    "data taken out": (
        lambda f: edit(f, 3, data_taken_out),
        {("data-withheld", 3)},
    ),
    "data taken out, and said to be without any": (
        data_denied,
        {("data-withheld", 3)},
    ),
    **{
        f"{name.decode()} that no leaf seals": (
            partial(with_another, name),
            {("line-unreadable", 3), ("event-removed", 3), ("stream-incomplete", "dossier/p/t")},
        )
        for name in (b"actor", b"data")
    },
    "every log": (
        lambda f: stored(f, "manifest.json", loaded(f, "manifest.json") | {"services": {}}),
        {("no-head", None)},
    ),
    "its own leaf": (lambda f: edit(f, 4, header("leaf", "00" * 32)), {("event-altered", 4)}),
    **{
        f"the header {name}": (changing(name, value), {("event-altered", 2)})
        for name, value in {
            "specversion": "1.1",
            "id": str(uuid4()),
            "type": "fuyan.dossier.plan-filed.v1",
            "time": "2018-01-01T00:00:00.000000Z",
            "recordedtime": "2018-01-01T00:00:00.000000Z",
            "partitionkey": "p/x",
            "correlationid": str(uuid4()),
            "causationid": str(uuid4()),
            "actor": "o:2",
            "command": "00" * 32,
            "position": "1",
        }.items()
    },
    "an event gone": (
        lambda f: without(f, 3),
        {("event-removed", 3), ("stream-incomplete", "dossier/p/t")},
    ),
    "two in the wrong order": (lambda f: swapped(f, 2, 3), {("event-reordered", 3)}),
    "one at the end": (lambda f: to_the_end(f, 2), {("event-reordered", 2)}),
    "one twice": (lambda f: again(f, 2, 3, bytes), {("event-inserted", 2)}),
    "a forged one": (
        lambda f: again(f, 2, 2, lambda line: sealed_anew(reason(line))),
        {("event-inserted", 2)},
    ),
    "a forged one before the true one": (
        lambda f: again(f, 2, 1, lambda line: sealed_anew(reason(line))),
        {("event-inserted", 2)},
    ),
    "a line of something else": (
        lambda f: put(f, [*lines(f), b'{"hello": 1}']),
        {("line-unreadable", 13)},
    ),
}
WHOLE: Ways = {
    **SOLID,
    "a header onbehalfof": (
        lambda f: edit(
            f, 2, lambda line: line.replace(b'"leaf":', b'"onbehalfof":"city","leaf":', 1)
        ),
        {("event-altered", 2)},
    ),
    "the header subject": (
        lambda f: edit(f, 2, header("subject", "p/x")),
        {("event-altered", 2), ("stream-incomplete", "dossier/p/t")},
    ),
    "an event beyond the head": (
        lambda f: again(f, 12, 12, header("position", "13")),
        {("event-inserted", 13)},
    ),
    "the tail": (
        lambda f: without(f, 10, 11, 12),
        {
            ("tail-cut", 10),
            ("stream-incomplete", "dossier/p/t"),
            ("stream-gone", "dossier/q/t"),
        },
    ),
    "the tail, and its heads": (
        cut_with_heads,
        {("head-missing", 12), ("leaves-altered", 8), ("streams-altered", 8)},
    ),
    "a stream": (
        lambda f: without(f, 6, 7, 8),
        {("event-removed", "6–8"), ("stream-gone", "dossier/p/t2")},
    ),
    "a leaf": (one_leaf, {("leaves-altered", 5)}),
    "everything but the signature": (
        everything_anew,
        {("leaves-altered", 5), ("head-contradicts-record", 5)},
    ),
    "the map of streams": (
        lambda f: stored(
            f,
            "streams.json",
            {SERVICE: [pair for pair in loaded(f, "streams.json")[SERVICE] if pair[0][-1] != "u"]},
        ),
        {("streams-altered", 12)},
    ),
    "a signature": (
        lambda f: headed(f, 0, signature="11" * 64),
        {("head-signature-false", 5)},
    ),
    "what a head says": (
        lambda f: headed(f, 1, root="11" * 32),
        {("head-signature-false", 8)},
    ),
    "a key": (lambda f: headed(f, 1, key_id="unknown"), {("key-unknown", 8)}),
    "another log's head": (lambda f: headed(f, 0, service="review"), {("head-foreign", 5)}),
    "the leaves": (
        lambda f: f.pop(f"leaves/{SERVICE}.bin"),
        {("file-damaged", "leaves/submission.bin")},
    ),
}


@pytest.mark.parametrize("name", WHOLE)
def test_a_whole_log_names_what_was_changed(name: str, exports: Taken, tmp_path: Path) -> None:
    how, expected = WHOLE[name]
    assert tampered(exports.whole, how, tmp_path) == expected


def first_head_of(changed: Parts) -> None:
    proofs = loaded(changed, "proofs.json")
    proofs[SERVICE]["spans"][0]["entries"][1]["version"] -= 1
    stored(changed, "proofs.json", proofs)


def withheld(changed: Parts) -> None:
    """The last event of the stream, its proof, and its mention in the map."""
    without(changed, 11)
    proofs = loaded(changed, "proofs.json")
    del proofs[SERVICE]["inclusion"]["11"]
    stored(changed, "proofs.json", proofs)


def no_spans(changed: Parts) -> None:
    proofs = loaded(changed, "proofs.json")
    proofs[SERVICE]["spans"] = proofs[SERVICE]["spans"][1:]
    stored(changed, "proofs.json", proofs)


def neighbour_gone(changed: Parts) -> None:
    proofs = loaded(changed, "proofs.json")
    proofs[SERVICE]["spans"][0]["entries"].pop()
    stored(changed, "proofs.json", proofs)


def path_of(changed: Parts) -> None:
    proofs = loaded(changed, "proofs.json")
    proofs[SERVICE]["inclusion"]["2"][0] = "00" * 32
    stored(changed, "proofs.json", proofs)


TOWNSHIP_WAYS: Ways = {
    **SOLID,
    "a line of something else": (
        lambda f: put(f, [*lines(f), b'{"hello": 1}']),
        {("line-unreadable", 7)},
    ),
    "a path": (path_of, {("event-altered", 2)}),
    "what the map says": (
        first_head_of,
        {("span-false", "dossier/p/t")},
    ),
    "an event withheld": (withheld, {("stream-incomplete", "dossier/p/t")}),
    "a span": (no_spans, {("span-missing", "dossier/p/t")}),
    "a neighbour": (neighbour_gone, {("span-false", "dossier/p/t")}),
}


@pytest.mark.parametrize("name", TOWNSHIP_WAYS)
def test_a_township_names_what_was_changed(name: str, exports: Taken, tmp_path: Path) -> None:
    how, expected = TOWNSHIP_WAYS[name]
    assert tampered(exports.township, how, tmp_path) == expected


def test_what_was_not_touched_holds(exports: Taken, tmp_path: Path) -> None:
    trusted = public_keys({"keys": [signer(exports.directory).jwk]})
    for file, events, data in (
        (exports.whole, 12, 12),
        (exports.bare, 12, 0),
        (exports.township, 6, 6),
    ):
        checked = check(Bundle(file), trusted)
        assert checked.findings == []
        assert (checked.events, checked.data) == (events, data)
    folder = tmp_path / "unpacked"
    for name, content in parts(exports.whole).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert found_in(folder) == set()


def test_nothing_of_the_content_leaves_unasked(exports: Taken) -> None:
    for line in lines(parts(exports.bare)):
        said = json.loads(line)
        assert not {"data", "data_base64", "salt"} & said.keys()


def test_a_township_shows_the_neighbour_and_no_event_of_it(exports: Taken) -> None:
    found = parts(exports.township)
    assert {json.loads(line)["subject"] for line in lines(found)} == {"p/t"}
    spans = loaded(found, "proofs.json")[SERVICE]["spans"]
    assert {e["name"] for e in spans[0]["entries"]} == {"dossier/p/t", "dossier/p/t2"}


def test_a_head_that_another_key_signed_is_not_believed(exports: Taken, tmp_path: Path) -> None:
    key_file(tmp_path)
    stranger = public_keys({"keys": [signer(tmp_path).jwk]})
    assert found_in(exports.whole, stranger) == {
        ("key-unknown", 5), ("key-unknown", 8), ("key-unknown", 12), ("no-head", None),
    }  # fmt: skip


def test_two_heads_of_one_size_are_a_fork(exports: Taken, tmp_path: Path) -> None:
    def fork(changed: Parts) -> None:
        heads = loaded(changed, "heads.json")
        first = ADAPTER.validate_python(heads["heads"][SERVICE][0])
        forged = signer(exports.directory).signed(replace(first, root="22" * 32))
        heads["heads"][SERVICE].append(ADAPTER.dump_python(forged, mode="json"))
        stored(changed, "heads.json", heads)

    assert tampered(exports.whole, fork, tmp_path) == {("heads-contradict", 5)}


def test_a_head_that_the_log_does_not_lead_to_is_a_fork(exports: Taken, tmp_path: Path) -> None:
    def fork(changed: Parts) -> None:
        heads = loaded(changed, "heads.json")
        first = ADAPTER.validate_python(heads["heads"][SERVICE][-1])
        forged = signer(exports.directory).signed(replace(first, size=7, root="22" * 32))
        heads["heads"][SERVICE].append(ADAPTER.dump_python(forged, mode="json"))
        stored(changed, "heads.json", heads)

    assert tampered(exports.township, fork, tmp_path) == {("heads-contradict", 12)}
    assert tampered(exports.whole, fork, tmp_path) == {
        ("leaves-altered", 7), ("head-contradicts-record", 7),
    }  # fmt: skip
