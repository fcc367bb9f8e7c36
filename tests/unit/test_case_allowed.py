"""Buttons of a case that are open must be shown open: each is tried with something possible."""

from services.review.allowed import allowed
from services.review.applications import Applications
from services.review.place import Scene
from shared.web.auth import Principal
from tests.unit.review_path import PROGRAMME, Path, site


def shown(path: Path) -> dict[str, str | None]:
    """What the city sees of its acts about the whole case."""
    city = Principal("sun", "city", frozenset({"city"}))
    scene = Scene(city, path.case, PROGRAMME, Applications(), site(path.case.since))
    return {one.act: one.code for one in allowed(scene) if one.of is None}


def test_a_case_that_passed_with_the_city_may_be_given_its_title() -> None:
    assert shown(Path().city_passed())["awards"] is None
    assert shown(Path().city_marked())["awards"] == "wrong-stage"


def test_a_title_in_force_may_be_corrected() -> None:
    assert shown(Path().awarded())["correction"] is None
