"""The figures of the golden examples are those that the scoring engine computes."""

from shared.contracts.case import ConsensusRecorded
from shared.contracts.dossier import ApplicationSubmitted, SelfAssessmentRecorded
from shared.contracts.payloads import example
from shared.contracts.programme import StandardPublished
from shared.contracts.registry import decode
from shared.standard import score, to_demonstration_cp, to_pass_cp

STANDARD = decode(
    "fuyan.programme.standard-published.v1", example("fuyan.programme.standard-published.v1")
)
assert isinstance(STANDARD, StandardPublished)


def test_the_self_assessment_adds_up() -> None:
    name = "fuyan.dossier.self-assessment-recorded.v1"
    recorded = decode(name, example(name))
    assert isinstance(recorded, SelfAssessmentRecorded)
    assert isinstance(STANDARD, StandardPublished)
    totals = score(STANDARD, recorded.marks)
    assert recorded.totals == totals
    assert recorded.to_pass_cp == to_pass_cp(STANDARD, totals)
    assert recorded.to_demonstration_cp == to_demonstration_cp(STANDARD, totals)


def test_the_application_carries_the_totals_of_its_marks() -> None:
    name = "fuyan.dossier.application-submitted.v1"
    submitted = decode(name, example(name))
    assert isinstance(submitted, ApplicationSubmitted)
    assert isinstance(STANDARD, StandardPublished)
    assert submitted.totals == score(STANDARD, submitted.marks)


def test_the_consensus_carries_the_totals_of_its_marks() -> None:
    name = "fuyan.case.consensus-recorded.v1"
    agreed = decode(name, example(name))
    assert isinstance(agreed, ConsensusRecorded)
    assert isinstance(STANDARD, StandardPublished)
    assert agreed.totals == score(STANDARD, agreed.marks, na_allowed=())
