"""The smallest events there are."""

from datetime import date

from shared.contracts.case import MemberRecused
from shared.contracts.dossier import DeficiencyWithdrawn

TODAY = date(2026, 9, 1)


def noted(subject: str, item: str, reason: str) -> DeficiencyWithdrawn:
    """Something happened to a dossier; `item` says whether review has to do with it."""
    programme, township = subject.split("/")
    return DeficiencyWithdrawn(
        programme=programme, township=township, township_name="T", office="o",
        effective_on=TODAY, deficiency_id="d", item=item, by="self", reason=reason,
    )  # fmt: skip


def recused(subject: str, reason: str, on: date) -> MemberRecused:
    """What review says to an application."""
    programme, township = subject.split("/")
    return MemberRecused(
        programme=programme, township=township, township_name="T", office="o", effective_on=on,
        case_id="c", application_id=reason, round=1, officer="x", organisation="o",
        reason_code="r",
    )  # fmt: skip
