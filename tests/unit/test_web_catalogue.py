"""The catalogue of refusals and the code that refuses: neither knows what the other does not."""

import ast
from collections.abc import Iterator
from pathlib import Path
from string import Formatter

import pytest

from shared.contracts.refusals import REFUSALS

ROOT = Path(__file__).parents[2]


def raised() -> Iterator[tuple[str, str, frozenset[str] | None]]:
    """Where, which code, with which facts; None for facts that are only known when it runs."""
    for room in ("services", "shared"):
        for path in sorted((ROOT / room).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                match node:
                    case ast.Call(
                        func=ast.Name("Refused" | "Unavailable" | "StoreRefuses" as kind),
                        args=[ast.Constant(str() as code), *_],
                        keywords=facts,
                    ):
                        names = [fact.arg for fact in facts]
                        if kind != "Refused":  # says itself when to come again
                            names.append("retry_after_s")
                        known = frozenset(name for name in names if name is not None)
                        where = f"{path.relative_to(ROOT)}:{node.lineno}"
                        yield where, code, None if None in names else known


def placeholders(template: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(template) if name is not None}


def test_every_code_that_is_raised_is_in_the_catalogue() -> None:
    found = list(raised())
    assert len(found) > 15
    assert [(where, code) for where, code, _ in found if code not in REFUSALS] == []


def test_every_sentence_gets_the_facts_it_names() -> None:
    lacking = []
    for where, code, facts in raised():
        if facts is None or code not in REFUSALS:
            continue
        told = REFUSALS[code]
        named = set().union(*map(placeholders, (told.zh, told.en, told.next_zh, told.next_en)))
        if named - facts:
            lacking.append((where, code, sorted(named - facts)))
    assert lacking == []


def test_the_catalogue_is_sorted_for_whoever_looks_a_code_up() -> None:
    assert list(REFUSALS) == sorted(REFUSALS)


@pytest.mark.parametrize("code", sorted(REFUSALS))
def test_both_languages_tell_the_same_facts(code: str) -> None:
    told = REFUSALS[code]
    zh = placeholders(told.zh) | placeholders(told.next_zh)
    en = placeholders(told.en) | placeholders(told.next_en)
    assert zh == en
    assert all((told.zh, told.en, told.next_zh, told.next_en))
    assert 400 <= told.status <= 599
