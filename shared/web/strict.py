"""JSON as it must be: what two readers could read in two ways is refused before anybody does."""

import json
import math
from collections.abc import Iterator
from dataclasses import dataclass

Path = tuple[str | int, ...]

DEPTH = 32
_WHOLE = 2**63
_DIGITS = 20  # more than 64 bits ever need, and few enough that nobody computes with them


@dataclass(frozen=True, slots=True)
class Fault:
    """Where, as the parts of a JSON pointer, and what, in Chinese and English."""

    path: Path
    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class _Odd:
    """Stands in the parsed tree where something is that must not be."""

    zh: str
    en: str


def is_json(content_type: str) -> bool:
    """Whether that is `application/json` or a kind of it."""
    kind = content_type.partition(";")[0].strip().lower()
    return kind == "application/json" or (
        kind.startswith("application/") and kind.endswith("+json")
    )


def faults(body: bytes) -> list[Fault]:
    """All that is wrong with a JSON text, so that the rest is read alike by everybody.

    UTF-8 without a mark, no name twice in an object, no NaN or Infinity, whole numbers of 64 bits,
    no NUL or half of a surrogate pair in a text, and `DEPTH` levels at most.
    """
    if body.startswith(b"\xef\xbb\xbf"):
        return [Fault((), "开头有字节顺序标记（BOM），请去掉", "begins with a byte order mark")]
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        at = error.start + 1
        return [Fault((), f"第 {at} 个字节起不是 UTF-8", f"is not UTF-8 from byte {at} on")]
    try:
        tree = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=lambda word: _Odd(f"{word} 不是数字", f"{word} is not a number"),
            parse_float=_decimal,
            parse_int=_whole,
        )
    except json.JSONDecodeError as error:
        zh = f"不是有效的 JSON（第 {error.lineno} 行第 {error.colno} 列）"
        return [Fault((), zh, f"is not valid JSON: {error}")]
    except RecursionError:
        return [_too_deep(())]
    return list(_found(tree))


def _object(pairs: list[tuple[str, object]]) -> object:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    names = [name for name, _ in pairs]
    twice = ", ".join(sorted({_plain(name) for name in names if names.count(name) > 1}))
    return _Odd(f"同一名称出现两次：{twice}", f"says the same name twice: {twice}")


def _decimal(digits: str) -> object:
    number = float(digits)
    return number if math.isfinite(number) else _Odd("数字过大", "is too large a number")


def _whole(digits: str) -> object:
    if len(digits) <= _DIGITS and -_WHOLE <= (number := int(digits)) < _WHOLE:
        return number
    return _Odd("整数超出 64 位", "is a whole number of more than 64 bits")


def _found(tree: object) -> Iterator[Fault]:
    waiting: list[tuple[Path, object]] = [((), tree)]
    while waiting:
        path, value = waiting.pop()
        if len(path) > DEPTH:
            yield _too_deep(path[:DEPTH])
            return
        match value:
            case _Odd(zh, en):
                yield Fault(path, zh, en)
            case str():
                yield from _of_text(path, value)
            case dict():
                for name, part in value.items():
                    yield from _of_text(path, name)
                    waiting.append(((*path, _plain(name)), part))
            case list():
                waiting += (((*path, at), part) for at, part in enumerate(value))


def _of_text(path: Path, text: str) -> Iterator[Fault]:
    if "\x00" in text:
        yield Fault(path, "文字中有空字符（NUL）", "has a NUL character in its text")
    if not text.isascii() and _plain(text) != text:
        yield Fault(path, "文字中有残缺的字符", "has half of a surrogate pair in its text")


def _plain(text: str) -> str:
    return text.encode(errors="replace").decode()


def _too_deep(path: Path) -> Fault:
    return Fault(path, f"嵌套超过 {DEPTH} 层", f"is nested more than {DEPTH} levels deep")
