"""What bars a case from passing whatever its score: found at any time, and never taken back."""

from datetime import date

from services.review.case import Case, block, pinned, under_review
from services.review.programmes.programme import Programme
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.case import CaseEvent, VetoRecorded
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused


def record_veto(
    case: Case,
    programme: Programme,
    gate: str,
    *,
    occurred_on: date,
    reason: str,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Put on record that a veto of the pinned standard came true, until the city has decided.

    From then on the case can fail or be returned, and cannot pass. The same gate twice is nothing.
    Raises Refused: `unknown-gate`, `occurred-later`, and what every act of a case refuses.
    """
    under_review(case, "opened", "appointed", "preliminary-passed", "recommended", "city-marked")
    vetoes = {one.code for one in pinned(case, programme).gates if one.kind == "veto"}
    if gate not in vetoes:
        raise Refused("unknown-gate", gate=gate, known=sorted(vetoes))
    if gate in case.vetoes:
        return []
    if occurred_on > site["effective_on"]:
        raise Refused("occurred-later", occurred_on=occurred_on, effective_on=site["effective_on"])
    return [
        VetoRecorded(
            **block(case, site),
            gate=gate,
            occurred_on=occurred_on,
            reason=reason,
        )
    ]


def recorded_facts(case: Case, standard: StandardPublished) -> set[str]:
    """The facts behind the vetoes on record: no totals reckoned from now on may leave them out."""
    return {
        gate.rule.fact for gate in standard.gates if gate.code in case.vetoes and gate.rule.fact
    }
