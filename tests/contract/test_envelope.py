"""What a stranger is told about headers and leaf is what travels."""

import re
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from shared.contracts.asyncapi import HEADERS, document
from shared.contracts.payloads import HERE, example
from shared.contracts.registry import BY_TYPE, CONTEXTS
from shared.events.envelope import SEALED, Malformed, Record, from_kafka, identity, seal, to_headers

DESCRIBED: dict[str, Any] = document()["components"]["schemas"]["headers"]
README = (HERE / "README.md").read_text("utf-8")


def block(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)\n```", README, re.S)
    assert found
    return found[1]


NAMED: dict[str, bytes] = {
    name: value.encode()
    for name, value in (line.split(": ", 1) for line in block("headers").split("\n"))
}
DATA = block("json").encode()
TEXT = dict(line.split(maxsplit=1) for line in block("text").split("\n"))

CONTRACTS = "http://127.0.0.1:8003/v1/contracts"

ids = st.text("abcdefghijklmnopqrstuvwxyz0123456789-", min_size=1, max_size=20)
rounds = st.integers(1, 999).map(str)
subjects = {
    "programme": ids,
    "dossier": st.tuples(ids, ids).map("/".join),
    "case": st.tuples(ids, ids, rounds).map("/".join),
    "notice": st.tuples(ids, ids).map("/".join)
    | st.tuples(ids, st.just("bulletin"), rounds).map("/".join),
}
actors = st.tuples(ids, ids).map(":".join)
microseconds = st.integers(0, 80 * 365 * 86_400 * 1_000_000)
instants = microseconds.map(lambda n: datetime(2018, 1, 1, tzinfo=UTC) + timedelta(microseconds=n))
hashes = st.binary(min_size=32, max_size=32)
traces = st.tuples(hashes, st.binary(min_size=8, max_size=8)).map(
    lambda two: f"00-{two[0][:16].hex()}-{two[1].hex()}-01"
)
days = st.dates(date(2018, 1, 1), date(2099, 1, 1))


@st.composite
def records(draw: st.DrawFn) -> Record:
    type_ = draw(st.sampled_from(sorted(BY_TYPE)))
    counts = st.integers(1, 2**63 - 1)
    data = draw(st.binary(max_size=200))  # none at all is an erased one's
    return Record(
        position=draw(counts),
        context=type_.split(".")[1],
        subject=draw(subjects[type_.split(".")[1]]),
        version=draw(st.integers(1, 2**31 - 1)),
        id=draw(st.uuids()),
        type=type_,
        effective_on=draw(days),
        effective_at=draw(instants),
        recorded_at=draw(instants),
        actor=draw(actors),
        on_behalf_of=draw(st.none() | ids),
        correlation=draw(st.uuids()),
        causation=draw(st.uuids()),
        command=draw(hashes),
        traceparent=draw(st.none() | traces),
        data=data,
        salt=draw(st.binary(min_size=16, max_size=16) if data else hashes),
        leaf=draw(hashes),
    )


@given(records())
def test_a_record_read_back_from_its_headers_is_the_same(record: Record) -> None:
    headers = to_headers(record, "shanting", CONTRACTS)
    assert from_kafka(headers, record.data, record.effective_on) == record


@given(records())
def test_the_headers_of_a_record_are_those_that_the_document_describes(record: Record) -> None:
    headers = {name: value.decode() for name, value in to_headers(record, "shanting", CONTRACTS)}
    assert headers.keys() <= HEADERS.keys()
    Draft7Validator(DESCRIBED).validate(headers)


@given(records(), st.sampled_from(SEALED), st.binary(min_size=1, max_size=5))
def test_a_sealed_header_cannot_change_without_its_leaf(
    record: Record, name: str, more: bytes
) -> None:
    headers = dict(to_headers(record, "shanting", CONTRACTS))
    forged = {**headers, name: headers.get(name, b"") + more}
    assert seal(forged, bytes(32)) != seal(headers, bytes(32))


@given(records())
def test_bytes_moved_from_one_header_into_the_next_change_the_leaf(record: Record) -> None:
    headers = dict(to_headers(record, "shanting", CONTRACTS))
    whole = headers["ce_type"]
    moved = {**headers, "ce_type": whole[:-1], "ce_subject": whole[-1:] + headers["ce_subject"]}
    assert seal(moved, bytes(32)) != seal(headers, bytes(32))


@given(records())
def test_an_erased_record_keeps_its_leaf_and_has_no_salt_to_guess_its_data_by(
    record: Record,
) -> None:
    erased = record._replace(data=b"", salt=record.datahash)
    before, after = (dict(to_headers(one, "shanting", CONTRACTS)) for one in (record, erased))
    assert seal(after, erased.datahash) == seal(before, record.datahash)
    assert "ce_salt" not in after
    assert after["ce_datahash"] == record.datahash.hex().encode()


def test_an_empty_value_without_its_datahash_is_malformed() -> None:
    with pytest.raises(Malformed):
        from_kafka(NAMED.items(), b"", date(2018, 5, 9))


@pytest.mark.parametrize(
    "broken",
    [
        {"ce_source": b"nowhere"},
        {"ce_streamversion": b"one"},
        {"ce_id": b"7"},
        {"ce_subject": b"\xff"},
    ],
)
def test_a_header_that_is_not_ours_is_malformed(broken: dict[str, bytes]) -> None:
    with pytest.raises(Malformed):
        identity({**NAMED, **broken}.items())


@pytest.mark.parametrize("name", ["ce_type", "ce_source", "ce_subject", "ce_streamversion"])
def test_a_record_without_its_identity_is_malformed(name: str) -> None:
    with pytest.raises(Malformed):
        identity((header, value) for header, value in NAMED.items() if header != name)


def test_every_header_has_its_row_in_the_readme() -> None:
    for name, (_, said) in HEADERS.items():
        assert f"| `{name}` | {said}" in README


def test_every_topic_has_its_row_in_the_readme() -> None:
    for context in CONTEXTS.values():
        assert f"| `{context.topic}` |" in README


def test_the_record_of_the_readme_is_one_that_we_would_send() -> None:
    assert example(NAMED["ce_type"].decode()) == DATA
    record = from_kafka(NAMED.items(), DATA, date(2018, 5, 9))
    assert record.id == UUID("01634326-1a80-7c31-9a52-6f0e1d2b3c4a")
    assert dict(to_headers(record, "shanting", CONTRACTS)) == NAMED
    assert record.key.encode() == NAMED["ce_partitionkey"]


def test_the_hashes_of_the_readme_are_right() -> None:
    datahash = sha256(bytes.fromhex(NAMED["ce_salt"].decode()) + DATA).digest()
    hashed = b"\x00"
    for name in SEALED:
        value = NAMED.get(name, b"")
        hashed += len(value).to_bytes(4, "big") + value
    hashed += datahash
    assert TEXT["datahash"] == datahash.hex()
    assert TEXT["hashed"] == f"{len(hashed)} bytes, beginning with {hashed[:24].hex()}"
    assert TEXT["leaf"] == sha256(hashed).hexdigest() == NAMED["ce_leaf"].decode()
    assert seal(NAMED, datahash).hex() == TEXT["leaf"]


def test_the_program_of_the_readme_finds_the_leaf_with_the_salt_and_without() -> None:
    program: dict[str, Any] = {}
    exec(block("python"), program)
    assert program["leaf_of"](NAMED, DATA) == TEXT["leaf"]
    erased = {**NAMED, "ce_datahash": TEXT["datahash"].encode()}
    del erased["ce_salt"]
    assert program["leaf_of"](erased, b"") == TEXT["leaf"]


@given(records())
def test_the_program_of_the_readme_agrees_with_ours_on_any_record(record: Record) -> None:
    program: dict[str, Any] = {}
    exec(block("python"), program)
    headers = dict(to_headers(record._replace(leaf=bytes(32)), "shanting", CONTRACTS))
    ours = seal(headers, record.datahash)
    assert program["leaf_of"](headers, record.data) == ours.hex()
