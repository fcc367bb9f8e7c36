"""A place to die that no code passes would make a fault test wait for nothing."""

import re
from pathlib import Path

import pytest

from services.projection import building
from shared.crash import POINTS

ROOT = Path(__file__).parents[2]
SOURCES = [
    path.read_text(encoding="utf-8")
    for part in ("shared", "services")
    for path in (ROOT / part).rglob("*.py")
]
PASSED = {
    name for text in SOURCES for name in re.findall(r'crash_(?:point|soon)\(f?"([^"]+)"\)', text)
}


@pytest.mark.parametrize("point", sorted(POINTS))
def test_a_place_to_die_is_passed_by_code(point: str) -> None:
    families = {f"rebuild/{percent}" for percent in building.POINTS}
    assert point in PASSED or (point in families and "rebuild/{point}" in PASSED)
