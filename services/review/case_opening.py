"""How a case begins, and what its office may still ask of it."""

from collections.abc import Iterator, Sequence
from datetime import date

from services.review.applications import objections
from services.review.case import Case, block_on
from services.review.programmes.programme import Programme
from shared.contracts.blocks import CaseSite, Reason
from shared.contracts.case import ApplicationRejected, CaseEvent, Closed, Opened, WithdrawalRefused
from shared.contracts.dossier import ApplicationSubmitted, WithdrawalRequested
from shared.contracts.refusals import REFUSALS, Refused


def open_case(
    case: Case,
    programme: Programme,
    application: ApplicationSubmitted,
    *,
    earlier: Sequence[Case] = (),
) -> list[CaseEvent]:
    """Begin the review of an application, or say why there is none; it never refuses.

    What this side's own record can tell is judged anew by it: programme, township, day, batch,
    target, standard, marks. Plans and open deficiencies are the dossier's, and its word is taken.
    `earlier` are the rounds before, in their order. The last of them that was a case at all is
    named, and says from when an office that failed may apply again: rounds that were rejected
    since neither shorten that term nor hide it.
    """
    if case.version:
        return []
    site = _site_of(application)
    previous = next((one for one in reversed(earlier) if one.opened is not None), None)
    found = [*_too_early(application, previous), *objections(programme, application)]
    if reasons := tuple(_reason(one) for one in found):
        return [ApplicationRejected(**site, reasons=reasons)]
    decide_wd = programme.deadline_wd("decide_wd", application.effective_on)
    return [
        Opened(
            **site,
            submitted_on=application.effective_on,
            target=application.target,
            standard=application.standard,
            self_totals=application.totals,
            decide_by_on=programme.calendar().add(application.effective_on, decide_wd),
            previous_case_id=previous.opened.case_id if previous and previous.opened else None,
        )
    ]


def answer_withdrawal(case: Case, request: WithdrawalRequested) -> list[CaseEvent]:
    """Grant a withdrawal until the district has decided, refuse it after; it never raises.

    Which came first, the request or a decision, is settled by their order in this stream. Asked
    before any case exists, the application is rejected as withdrawn.
    """
    site = _site_of(request)
    match case.stage:
        case "none":
            reason = Reason(code="withdrawn", text=request.reason)
            return [ApplicationRejected(**site, reasons=(reason,))]
        case "opened" | "appointed":
            return [
                Closed(
                    **block_on(case, request.effective_on),
                    outcome="withdrawn",
                    closed_on=request.effective_on,
                    reason=request.reason,
                )
            ]
        case "rejected" | "closed":
            return []
        case _:
            return [
                WithdrawalRefused(**block_on(case, request.effective_on), reason="already-decided")
            ]


def _too_early(application: ApplicationSubmitted, previous: Case | None) -> Iterator[Refused]:
    closed = previous.closed if previous else None
    if closed and closed.may_reapply_on and application.effective_on < closed.may_reapply_on:
        yield Refused("reapply-too-early", may_reapply_on=closed.may_reapply_on)


def _reason(refused: Refused) -> Reason:
    """The refusal as the office reads it, in an event that outlives any page."""
    facts = {name: _told(name, fact) for name, fact in refused.facts.items()}
    return Reason(code=refused.code, text=REFUSALS[refused.code].zh.format_map(facts))


def _told(name: str, fact: object) -> str:
    match fact:
        case list() | tuple():
            return "、".join(_told(name, one) for one in fact)
        case date():
            return f"{fact.year}年{fact.month}月{fact.day}日"
        case int() if name.endswith("_cp"):
            return f"{fact // 100}.{fact % 100:02} 分"
        case None:
            return "无"
        case _:
            return str(fact)


def _site_of(event: ApplicationSubmitted | WithdrawalRequested) -> CaseSite:
    return {
        "programme": event.programme,
        "effective_on": event.effective_on,
        "township": event.township,
        "township_name": event.township_name,
        "office": event.office,
        "case_id": _case_id(event, event.round),
        "application_id": event.application_id,
        "round": event.round,
        "batch": event.batch if isinstance(event, ApplicationSubmitted) else None,
    }


def _case_id(event: ApplicationSubmitted | WithdrawalRequested, round: int) -> str:
    return f"{event.programme}/{event.township}/{round}"
