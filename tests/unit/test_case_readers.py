"""Who reads a case of their township: by a role and an organisation that belong together."""

import pytest

from services.review.access import may_read
from shared.contracts.refusals import Refused
from shared.web.auth import Principal
from tests.unit.review_path import PROGRAMME, Path

CASE = Path().case
assert CASE.opened is not None
OFFICE = CASE.opened.office
GOVERNMENT = next(
    one.government for one, _ in PROGRAMME.stays if one.township == CASE.opened.township
)


def reads(role: str, organisation: str) -> bool:
    try:
        may_read(Principal("x", organisation, frozenset({role})), CASE, PROGRAMME, "p")
    except Refused:
        return False
    return True


@pytest.mark.parametrize("role", ["clerk", "head"])
def test_the_roles_of_an_office_read_for_the_office_and_not_for_the_government(role: str) -> None:
    assert OFFICE != GOVERNMENT
    assert reads(role, OFFICE)
    assert not reads(role, GOVERNMENT)


def test_the_role_of_a_government_reads_for_the_government_and_not_for_the_office() -> None:
    assert reads("gov", GOVERNMENT)
    assert not reads("gov", OFFICE)
