"""Where two sets of figures differ: what a correction puts right."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from shared.contracts.notice import FigureChanged


def changes(was: Mapping[str, Any], is_: Mapping[str, Any]) -> tuple[FigureChanged, ...]:
    """Every figure that differs, by the path that leads to it."""
    return tuple(_compared("", was, is_))


_CODES = ("township", "code", "target", "year")


def _compared(path: str, was: object, is_: object) -> Iterator[FigureChanged]:
    if type(was) is type(is_) and was == is_:
        return
    before, after = _parts(was), _parts(is_)
    if before is None or after is None:
        yield FigureChanged(path=path, was=was, is_=is_)
        return
    for name in (*before, *(name for name in after if name not in before)):
        sign = name.replace("~", "~0").replace("/", "~1")
        yield from _compared(f"{path}/{sign}", before.get(name), after.get(name))


def _parts(value: object) -> Mapping[str, object] | None:
    """The parts of an object or list by name; None for a plain value."""
    match value:
        case Mapping():
            return value
        case list() | tuple():
            return _by_code(value)
        case _:
            return None


def _by_code(rows: Sequence[object]) -> Mapping[str, object]:
    """By a code that is each one's alone; the order of a ranking is no change of its rows."""
    for name in _CODES:
        codes = [str(row[name]) for row in rows if isinstance(row, Mapping) and name in row]
        if len(set(codes)) == len(rows):
            return dict(zip(codes, rows, strict=True))
    return {str(place): row for place, row in enumerate(rows)}
