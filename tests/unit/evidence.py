"""What a case tells of its team and its city, for tests of who may read evidence."""

from datetime import date

from shared.contracts.blocks import CaseSite
from shared.contracts.case import Member, Recommended, TeamAppointed
from tests.unit.dossiers import OFFICE, PROGRAMME, TOWNSHIP

DISTRICT, CITY, OTHER = "370406-safety", "370400-safety", "370406100-office"
CASE = f"{PROGRAMME}/{TOWNSHIP}/1"


def of_case(on: date = date(2018, 9, 10)) -> CaseSite:
    block: CaseSite = {
        "programme": PROGRAMME,
        "effective_on": on,
        "township": TOWNSHIP,
        "township_name": "山城街道",
        "office": OFFICE,
        "case_id": CASE,
        "application_id": "A1",
        "round": 1,
        "batch": None,
    }
    return block


def appointed(*officers: str) -> TeamAppointed:
    """A team of these officers, all of another township's office."""
    return TeamAppointed(
        **of_case(),
        team_version=1,
        members=tuple(
            Member(officer=name, organisation=OTHER, role="member", categories=())
            for name in officers
        ),
        recused=(),
        min_markers=1,
    )


def recommended() -> Recommended:
    return Recommended(
        **of_case(),
        recommendation_id="R1",
        to=CITY,
        cases=(CASE,),
        proposed_title="compliant",
        district_total_cp=85_000,
        package_sha256="0" * 64,
        decided_by="o1",
    )
