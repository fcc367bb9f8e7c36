"""All that an office may try in its dossier, and its case with it, drawn at random."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import cast

from hypothesis import strategies as st

from services.submission.application import request_withdrawal, submit_application
from services.submission.dossier import Dossier
from services.submission.echoes import follow_close, follow_rejection, follow_return
from services.submission.funding import Answer, Need, decide_funding, request_funding
from services.submission.planning import file_plan, record_assessment, revise_plan
from services.submission.practice import Experience, share_practice
from services.submission.rectification import (
    Remedy,
    complete_rectification,
    find_deficiencies,
    plan_rectification,
    reopen_deficiency,
    withdraw_deficiency,
)
from shared.contracts import case
from shared.contracts.blocks import CaseSite, FoundBy, Reason
from shared.contracts.dossier import (
    AssessmentKind,
    DossierEvent,
    FundingAnswer,
    FundingKind,
    FundingLine,
    Publicity,
)
from tests.unit.dossiers import (
    OPEN,
    STANDARD,
    finding,
    intent,
    marks,
    site,
    terms,
)

Try = Callable[[Dossier, date], list[DossierEvent]]

ITEMS = st.sampled_from(["staff", "rules", "files", "vehicle"])
ROUNDS = st.integers(1, 3)
NAMES = st.sampled_from(["1", "2"])
OUTCOMES = st.sampled_from(["sent-back", "rejected", "failed"])


def plan(target: str, revise: bool) -> Try:
    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        if revise:
            return revise_plan(
                dossier, site(on), OPEN, intent(target), signed_by="h1", reason="调整"
            )
        return file_plan(dossier, site(on), OPEN, intent(target), signed_by="h1")

    return attempt


def assess(name: int, kind: str, rules: int) -> Try:
    return lambda dossier, on: record_assessment(
        dossier,
        site(on),
        assessment_id=f"S{name}",
        kind=cast("AssessmentKind", kind),
        standard=STANDARD,
        scored_under=1,
        marks=marks(rules=rules),
    )


def _find(item: str, blocking: bool) -> Try:
    return lambda dossier, on: find_deficiencies(
        dossier, site(on), [finding(item, blocking=blocking)], standard=STANDARD
    )


def _remedy(item: str, days: int) -> Try:
    return lambda dossier, on: plan_rectification(
        dossier,
        site(on),
        f"D-{item}",
        Remedy(measure="补", responsible_post="内勤", due_on=on + timedelta(days)),
    )


def _complete(name: str) -> Try:
    return lambda dossier, on: complete_rectification(
        dossier, site(on), name, result="已补", evidence=(), calendar=OPEN.calendar
    )


def _correct(item: str, by: str, again: bool) -> Try:
    decide = reopen_deficiency if again else withdraw_deficiency
    return lambda dossier, on: decide(
        dossier, site(on), f"D-{item}", by=cast("FoundBy", by), reason="误"
    )


def complete_any(place: int) -> Try:
    """Whatever is open, so that what inspectors found can be closed as well."""

    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        names = list(dossier.deficiencies)
        return _complete(names[place % len(names)])(dossier, on) if names else []

    return attempt


def apply(round_: int) -> Try:
    return lambda dossier, on: submit_application(
        dossier, site(on), application_id=f"A{round_}", terms=terms(), signed_by="h1"
    )


def _withdraw(round_: int) -> Try:
    return lambda dossier, on: request_withdrawal(dossier, site(on), f"A{round_}", reason="搬迁")


def answer(round_: int, outcome: str) -> Try:
    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        at = CaseSite(
            **site(on),
            case_id=f"p/t/{round_}",
            application_id=f"A{round_}",
            round=round_,
            batch=None,
        )
        if outcome == "rejected":
            reasons = (Reason(code="withdrawn", text="…"),)
            rejected = case.ApplicationRejected(**at, reasons=reasons)
            return follow_rejection(dossier, site(on), rejected)
        if outcome == "sent-back":
            returned = case.Returned(
                **at,
                by="district",
                items=(case.ReturnedItem(item="files", reason="缺页", self_cp=2_000),),
                totals=None,
                resubmit_by_on=on,
                allowed_wd=20,
                decided_by="o1",
            )
            return follow_return(dossier, site(on), returned, STANDARD)
        closed = case.Closed(**at, outcome="failed", closed_on=on)
        return follow_close(dossier, site(on), closed)

    return attempt


def ask(name: str, kind: str, item: str) -> Try:
    """For the gap of that item, where there is one."""

    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        gaps = (f"D-{item}",) if f"D-{item}" in dossier.deficiencies else ()
        need = Need(
            kind=cast("FundingKind", kind),
            title="增配",
            asked_of="370406001-gov",
            needed_on=date(2019, 6, 30),
            lines=(FundingLine(name="设备", quantity=1),) if kind == "premises" else (),
            amount_fen=500 if kind == "money" else None,
            posts=500 if kind == "posts" else None,
            deficiency_ids=gaps,
        )
        return request_funding(dossier, site(on), f"F{name}", need)

    return attempt


def _decide_funding(name: str, decision: str, granted: int | None, days: int) -> Try:
    def attempt(dossier: Dossier, on: date) -> list[DossierEvent]:
        of_posts = f"F{name}" in dossier.funding and dossier.funding[f"F{name}"].requested.posts
        told = Answer(
            decision=cast("FundingAnswer", decision),
            decided_on=on + timedelta(days),
            granted_posts=granted if of_posts else None,
            granted_fen=None if of_posts else granted,
            reason="财力有限",
        )
        return decide_funding(dossier, site(on), f"F{name}", told, decided_by="370406001-gov")

    return attempt


def _share(title: str, publicity: str) -> Try:
    experience = Experience(title=title, summary="每周一次", publicity=cast("Publicity", publicity))
    return lambda dossier, on: share_practice(
        dossier, site(on), f"G{title}{publicity}", experience, standard=STANDARD
    )


TRIES: st.SearchStrategy[Try] = st.one_of(
    st.builds(plan, st.sampled_from(["first-2018", "all-2019"]), st.booleans()),
    st.builds(
        assess,
        st.integers(1, 6),
        st.sampled_from(["gap", "full", "pre-application"]),
        st.sampled_from([5, 30]),
    ),
    st.builds(_find, ITEMS, st.booleans()),
    st.builds(_remedy, ITEMS, st.integers(-3, 30)),
    st.builds(complete_any, st.integers(0, 9)),
    st.builds(_correct, ITEMS, st.sampled_from(["self", "district"]), st.booleans()),
    st.builds(apply, ROUNDS),
    st.builds(_withdraw, ROUNDS),
    st.builds(answer, ROUNDS, OUTCOMES),
    st.builds(ask, NAMES, st.sampled_from(["money", "posts", "premises"]), ITEMS),
    st.builds(
        _decide_funding,
        NAMES,
        st.sampled_from(["granted", "part", "refused"]),
        st.sampled_from([None, 1, 500]),
        st.integers(-2, 1),
    ),
    st.builds(_share, NAMES, st.sampled_from(["public", "internal"])),
)
ATTEMPTS = st.lists(st.tuples(TRIES, st.integers(-3, 10)), max_size=8)
