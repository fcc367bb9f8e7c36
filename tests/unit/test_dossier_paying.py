"""What pays for closing a gap."""

from datetime import date

from services.submission.dossier import Dossier
from services.submission.rectification import Remedy, plan_rectification
from shared.contracts.dossier import DossierEvent, RectificationPlanned
from tests.unit.dossiers import AUGUST, site
from tests.unit.test_dossier_funding import ASKED, FILES, JULY, JUNE, ask, given


def plan(dossier: Dossier, funding_id: str | None, on: date = JUNE) -> list[DossierEvent]:
    remedy = Remedy(measure="购置", responsible_post="内勤", due_on=AUGUST, funding_id=funding_id)
    return plan_rectification(dossier, site(on), "D-files", remedy)


def test_a_rectification_names_what_pays_for_it() -> None:
    (event,) = given(FILES, ASKED).when(plan, "F1").events
    assert isinstance(event, RectificationPlanned)
    assert event.funding_id == "F1"
    given(FILES, ASKED, event).when(plan, "F1").then_nothing()
    assert given(FILES, ASKED, event).when(plan, None).events


def test_a_rectification_cannot_build_on_what_nobody_asked_for() -> None:
    given(FILES).when(plan, "F1").refused("unknown-funding", funding_id="F1")


def test_a_rectification_is_not_older_than_the_request_that_pays_for_it() -> None:
    (later,) = ask(Dossier(), JULY)
    given(FILES, later).when(plan, "F1", JUNE).refused("effective-day-too-early", earliest_on=JULY)
