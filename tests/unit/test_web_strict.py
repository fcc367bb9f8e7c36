"""A JSON text that two readers could read in two ways is refused, and says where."""

import pytest

from shared.web.strict import DEPTH, faults, is_json


def found(text: str | bytes) -> list[tuple[str | int, ...]]:
    return [fault.path for fault in faults(text if isinstance(text, bytes) else text.encode())]


@pytest.mark.parametrize(
    "text",
    [
        '{"a": [1, 2.5, "文字", null, true]}',
        "[]",
        '"x"',
        "1",
        "9223372036854775807",
        '"\\ud83d\\ude00"',
    ],
)
def test_what_everybody_reads_alike_is_taken(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ('{"a": {"b": 1, "b": 2}}', ("a",)),
        ('{"marks": [{"item": "x"}, {"mark_cp": NaN}]}', ("marks", 1, "mark_cp")),
        ("[Infinity]", (0,)),
        ("[-Infinity]", (0,)),
        ("[1e400]", (0,)),
        ("[9223372036854775808]", (0,)),
        ("[" + "9" * 5000 + "]", (0,)),
        ('{"reason": "a\\u0000b"}', ("reason",)),
        ('{"reason": "\\ud800"}', ("reason",)),
        ('{"\\ud800": 1}', ()),
    ],
)
def test_what_is_odd_is_named_by_its_place(text: str, place: tuple[str | int, ...]) -> None:
    assert found(text) == [place]


def test_every_fault_is_told_at_once() -> None:
    assert sorted(found('{"a": NaN, "b": "\\u0000", "c": 1}')) == [("a",), ("b",)]


@pytest.mark.parametrize(
    "body",
    [
        b"\xef\xbb\xbf{}",
        '{"reason": "值班室漏水"}'.encode("gbk"),
        '{"a": 1}'.encode("utf-16"),
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": 1} {"b": 2}',
        b'{"a": 1',
        b" ",
        b"[" * 100_000,
        b'{"a":' * 10_000 + b"1" + b"}" * 10_000,
    ],
)
def test_what_cannot_be_read_at_all_is_one_fault_of_the_whole(body: bytes) -> None:
    [fault] = faults(body)
    assert fault.path == ()
    assert fault.zh
    assert fault.en


def test_depth_is_bounded() -> None:
    assert found("[" * DEPTH + "]" * DEPTH) == []
    [deep] = found("[" * (DEPTH + 2) + "]" * (DEPTH + 2))
    assert len(deep) == DEPTH


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8"])
def test_json_is_known_by_its_name(kind: str) -> None:
    assert is_json(kind)


@pytest.mark.parametrize("kind", ["", "text/json", "application/x-json-ish", "application/jsonp"])
def test_what_is_called_otherwise_is_no_json(kind: str) -> None:
    assert not is_json(kind)
