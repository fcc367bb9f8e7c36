"""A stranger with a plain Kafka client finds on the topics what the contracts promise.

Everything is checked from the written contracts alone: nothing of `shared` or `services` is
imported, only the committed JSON Schemas are read.
"""

import json
import re
from collections import defaultdict
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.local.scenario import Person
from tests.scenarios.foreign import TOPICS, Found, everything, first_appearances
from tests.scenarios.outside import Outside
from tests.scenarios.programme import Programme

pytestmark = [pytest.mark.kafka, pytest.mark.timeout(400)]

SCHEMAS = Path(__file__).parents[2] / "shared" / "contracts" / "schemas"
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
UUID7 = r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
INSTANT = r"20(18|19)-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]+)?Z"
ID = r"[A-Za-z0-9._~|@+=-]{1,100}"
ALWAYS = {
    "ce_specversion": r"1\.0",
    "ce_id": UUID7,
    "ce_source": r"/fuyan/demo/(programme|dossier|case|notice)",
    "ce_type": r"fuyan\.(programme|dossier|case|notice)\.[a-z]+(-[a-z]+)*\.v[1-9][0-9]*",
    "ce_subject": r"[!-~]+",
    "ce_streamversion": r"[1-9][0-9]*",
    "ce_position": r"[1-9][0-9]*",
    "ce_time": INSTANT,
    "ce_recordedtime": INSTANT,
    "ce_partitionkey": r"[!-~]+",
    "ce_correlationid": UUID,
    "ce_causationid": UUID,
    "ce_actor": f"{ID}:{ID}",
    "ce_command": r"[0-9a-f]{64}",
    "ce_leaf": r"[0-9a-f]{64}",
    "ce_salt": r"([0-9a-f]{2}){16,}",
    "ce_dataschema": r"http://127\.0\.0\.1:[0-9]+/v1/contracts/[a-z0-9.-]+",
    "content-type": r"application/json",
}
SOMETIMES = {
    "ce_onbehalfof": ID,
    "traceparent": r"00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}",
}
SEALED = (
    "ce_specversion",
    "ce_id",
    "ce_source",
    "ce_type",
    "ce_subject",
    "ce_streamversion",
    "ce_position",
    "ce_time",
    "ce_recordedtime",
    "ce_partitionkey",
    "ce_correlationid",
    "ce_causationid",
    "ce_actor",
    "ce_onbehalfof",
    "ce_command",
)
SUBJECTS = {
    "programme": r"{key}",
    "dossier": r"{key}",
    "case": r"{key}/[1-9][0-9]*",
    "notice": r"{key}",
}
KEYS = {
    "programme": r"[^/]+",
    "dossier": r"[^/]+/[0-9]{9}",
    "case": r"[^/]+/[0-9]{9}",
    "notice": r"[^/]+/[^/]+",
}
PERSONAL = re.compile(
    r"(^|_)(phone|telephone|mobile|email|mail|address|id_card|birth|surname|gender)(_|$)"
)


@pytest.fixture(scope="module")
def records(programme: Programme) -> list[Found]:
    return everything(programme.stage.cluster.bootstrap)


def test_all_four_topics_tell_their_part_of_the_story(records: list[Found]) -> None:
    assert {one.topic for one in records} == set(TOPICS)
    told = {one["ce_type"] for one in records}
    assert {
        "fuyan.programme.opened.v1",
        "fuyan.dossier.application-submitted.v1",
        "fuyan.case.returned.v1",
        "fuyan.case.title-awarded.v1",
        "fuyan.notice.requested.v1",
    } <= told


def test_every_record_has_every_header_once_and_well_formed(records: list[Found]) -> None:
    wrong = []
    for one in records:
        names = [name for name, _ in one.headers]
        unknown = set(names) - ALWAYS.keys() - SOMETIMES.keys()
        if len(names) != len(set(names)) or unknown or not ALWAYS.keys() <= set(names):
            wrong.append(f"{one} has {names}")
            continue
        wrong += [
            f"{one} {name}: {value!r}"
            for name, value in one.headers
            if not re.fullmatch({**ALWAYS, **SOMETIMES}[name], value.decode())
        ]
    assert wrong == []


def test_topic_source_type_subject_and_key_say_the_same(records: list[Found]) -> None:
    wrong = []
    for one in records:
        context = one.topic.split(".")[1]
        key = one["ce_partitionkey"]
        right = (
            one.key.decode() == key
            and one["ce_source"] == f"/fuyan/demo/{context}"
            and one["ce_type"].startswith(f"fuyan.{context}.")
            and one["ce_dataschema"].endswith(f"/{one['ce_type']}")
            and re.fullmatch(KEYS[context], key)
            and re.fullmatch(SUBJECTS[context].format(key=re.escape(key)), one["ce_subject"])
        )
        if not right:
            wrong.append(f"{one} {one['ce_type']} {one['ce_subject']} {one.key!r}")
    assert wrong == []


def test_a_record_lies_where_every_kafka_client_looks_for_its_key(records: list[Found]) -> None:
    assert {one.partition for one in records} == {0, 1, 2, 3}
    wrong = [one for one in records if one.partition != (_murmur2(one.key) & 0x7FFFFFFF) % 4]
    assert [str(one) for one in wrong] == []


def test_versions_of_a_subject_count_from_one_in_the_order_one_meets_them(
    records: list[Found],
) -> None:
    for stream, events in first_appearances(records).items():
        versions = [int(one["ce_streamversion"]) for one in events]
        assert versions == list(range(1, len(events) + 1)), stream


def test_a_record_met_again_is_the_very_same_and_ids_are_never_used_twice(
    records: list[Found],
) -> None:
    ids: dict[str, Found] = {}
    for one in records:
        before = ids.setdefault(one["ce_id"], one)
        assert (one.headers, one.value) == (before.headers, before.value), f"{before} and {one}"
    places = {(one.topic, one["ce_subject"], one["ce_streamversion"]) for one in ids.values()}
    assert len(places) == len(ids)


def test_events_of_a_key_come_in_the_order_in_which_they_were_recorded(
    records: list[Found],
) -> None:
    by_key: dict[tuple[str, bytes], dict[str, int]] = defaultdict(dict)
    for one in records:
        by_key[one.topic, one.key].setdefault(one["ce_id"], int(one["ce_position"]))
    for key, positions in by_key.items():
        assert list(positions.values()) == sorted(set(positions.values())), key


def test_no_event_was_recorded_before_one_of_an_earlier_position(records: list[Found]) -> None:
    for topic in TOPICS:
        own = sorted(
            (int(one["ce_position"]), one["ce_recordedtime"])
            for one in records
            if one.topic == topic
        )
        times = [recorded for _, recorded in own]
        assert times == sorted(times), topic


def test_the_leaf_of_every_record_is_that_of_its_headers_and_bytes(records: list[Found]) -> None:
    wrong = [str(one) for one in records if _leaf(one) != one["ce_leaf"]]
    assert wrong == []


def test_every_value_is_valid_under_the_committed_schema_for_producers(
    records: list[Found],
) -> None:
    validators = {
        name: Draft202012Validator(
            json.loads((SCHEMAS / f"{name}.closed.json").read_text(encoding="utf-8")),
            format_checker=Draft202012Validator.FORMAT_CHECKER,
        )
        for name in {one["ce_type"] for one in records}
    }
    wrong = [
        f"{one} {one['ce_type']} {error.json_path}: {error.message[:200]}"
        for one in records
        for error in validators[one["ce_type"]].iter_errors(json.loads(one.value))
    ]
    assert wrong == []


def test_no_record_carries_a_name_a_phone_or_an_address_of_a_person(
    records: list[Found], programme: Programme
) -> None:
    names = [f"{one.post}（示例）" for one in programme.scenario.people.values()]
    wrong = []
    for one in records:
        told = one.value.decode()
        wrong += [f"{one} names {name}" for name in names if name in told]
        wrong += [f"{one} has {path}" for path, _ in _fields(json.loads(told), PERSONAL)]
        officers = re.compile(r"^(officer|leader|signed_by|decided_by|marked_by|present)$")
        for path, value in _fields(json.loads(told), officers):
            ids = value if isinstance(value, list) else [value]
            wrong += [
                f"{one} {path}: {each}"
                for each in ids
                if each is not None and not re.fullmatch(ID, str(each))
            ]
    assert wrong == []


async def test_the_schema_of_each_event_is_served_where_the_event_says(
    records: list[Found], outside: Outside
) -> None:
    stranger = outside.signed(Person("reader", "elsewhere", ("integrator",)))
    for address in sorted({one["ce_dataschema"] for one in records}):
        answer = await outside.web.get(address, headers=stranger)
        assert answer.status_code == 200, f"{address}: {answer.text}"
        Draft202012Validator.check_schema(answer.json())


def _leaf(one: Found) -> str:
    """As the contracts describe it, with nothing of ours."""
    headers = dict(one.headers)
    parts = [b"\0"]
    for name in SEALED:
        value = headers.get(name, b"")
        parts += [len(value).to_bytes(4, "big"), value]
    datahash = sha256(bytes.fromhex(one["ce_salt"]) + one.value).digest()
    return sha256(b"".join(parts) + datahash).hexdigest()


def _fields(value: Any, named: re.Pattern[str], path: str = "$") -> Iterator[tuple[str, Any]]:
    """Every field, however deep, whose name is one of those."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if named.search(name):
                yield f"{path}.{name}", inner
            yield from _fields(inner, named, f"{path}.{name}")
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from _fields(inner, named, f"{path}[{number}]")


def _murmur2(data: bytes) -> int:
    """The 32-bit hash of Kafka's own clients (org.apache.kafka.common.utils.Utils.murmur2)."""
    m, mask = 0x5BD1E995, 0xFFFFFFFF
    h = 0x9747B28C ^ len(data)
    whole = len(data) // 4 * 4
    for start in range(0, whole, 4):
        k = int.from_bytes(data[start : start + 4], "little") * m & mask
        k = (k ^ k >> 24) * m & mask
        h = (h * m & mask) ^ k
    if rest := data[whole:]:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ h >> 13) * m & mask
    return h ^ h >> 15
