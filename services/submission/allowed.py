"""What may be done in a dossier next, and why the rest may not: a page's greyed buttons."""

from collections.abc import Iterator
from datetime import date
from functools import partial

from services.submission import access, programmes
from services.submission.application import Terms, request_withdrawal, submit_application
from services.submission.dossier import Dossier
from services.submission.funding import Answer, Need, decide_funding, request_funding
from services.submission.place import Decision, Scene
from services.submission.planning import Intent, file_plan, record_assessment, revise_plan
from services.submission.practice import Experience, share_practice
from services.submission.programmes import Programme
from services.submission.rectification import (
    Remedy,
    complete_rectification,
    find_deficiencies,
    plan_rectification,
    reopen_deficiency,
    withdraw_deficiency,
)
from shared.contracts.dossier import DossierEvent
from shared.web.acts import Act, attempt
from shared.web.auth import Principal

Trial = tuple[access.Right, Decision, str | None]


def allowed(
    principal: Principal, dossier: Dossier, programme: Programme, township: str, on: date
) -> list[Act]:
    """Every act a dossier knows, tried by this principal on this day by the very decisions."""

    def tried(right: access.Right, decision: Decision) -> object:
        side = access.acting_side(principal, programme, township, right)
        site = programmes.site(programme, township, on, after_leaving=right.after_leaving)
        return decision(Scene(dossier, programme, site, principal.officer, side))

    return [
        attempt(right.name, partial(tried, right, decision), of)
        for right, decision, of in _trials(dossier)
    ]


def _trials(dossier: Dossier) -> Iterator[Trial]:
    """Each act with as little as it can be done with."""
    yield access.PLAN, _plan, None
    yield access.ASSESS, _assess, None
    yield access.FIND, _find, None
    yield access.REQUEST_FUNDING, _request_funding, None
    yield access.APPLY, _apply, None
    yield access.SHARE, _share, None
    if (under_review := dossier.under_review) is not None:
        yield _withdraw_application(under_review.submitted.application_id)
    for funding_id in dossier.funding:
        yield _decide_funding(funding_id)
    for deficiency_id, deficiency in dossier.deficiencies.items():
        # Nothing is said of one that was recorded in error.
        if deficiency.status == "open":
            yield _mend(deficiency_id)
            yield _complete(deficiency_id)
            yield _withdraw_deficiency(deficiency_id)
        elif deficiency.status == "done":
            yield _reopen(deficiency_id)


def _plan(at: Scene) -> list[DossierEvent]:
    """Some plan that could be: for the plan's own target, or the last one that falls due."""
    targets = at.programme.targets
    aim = max(targets.values(), key=lambda target: target.due_on)
    if at.dossier.plan is not None:
        own = targets[at.dossier.plan.target]
        aim = own if at.site["effective_on"] <= own.due_on else aim
    intent = Intent(target=aim.code, reach_on=aim.due_on, goals=(), duties=())
    if at.dossier.plan is None:
        return file_plan(at.dossier, at.site, at.programme, intent, signed_by=at.officer)
    return revise_plan(at.dossier, at.site, at.programme, intent, signed_by=at.officer, reason="")


def _assess(at: Scene) -> list[DossierEvent]:
    standard = at.standard
    return record_assessment(
        at.dossier,
        at.site,
        assessment_id="",
        kind="gap",
        standard=standard,
        scored_under=standard.standard.version,
        marks=(),
    )


def _find(at: Scene) -> list[DossierEvent]:
    return find_deficiencies(at.dossier, at.site, (), standard=at.standard)


def _request_funding(at: Scene) -> list[DossierEvent]:
    on = at.site["effective_on"]
    need = Need(kind="money", title="", asked_of="", needed_on=on, amount_fen=1)
    return request_funding(at.dossier, at.site, "", need)


def _apply(at: Scene) -> list[DossierEvent]:
    programme = at.programme
    terms = Terms(standard=at.standard, phases=programme.phases, targets=programme.targets)
    return submit_application(
        at.dossier, at.site, application_id="", terms=terms, signed_by=at.officer
    )


def _share(at: Scene) -> list[DossierEvent]:
    experience = Experience(title="", summary="", publicity="internal")
    return share_practice(at.dossier, at.site, "", experience, standard=at.standard)


def _withdraw_application(name: str) -> Trial:
    def trial(at: Scene) -> list[DossierEvent]:
        return request_withdrawal(at.dossier, at.site, name, reason="")

    return access.WITHDRAW_APPLICATION, trial, name


def _decide_funding(name: str) -> Trial:
    def trial(at: Scene) -> list[DossierEvent]:
        answer = Answer(decision="granted", decided_on=at.site["effective_on"])
        return decide_funding(at.dossier, at.site, name, answer, decided_by="")

    return access.DECIDE_FUNDING, trial, name


def _mend(name: str) -> Trial:
    def trial(at: Scene) -> list[DossierEvent]:
        remedy = Remedy(measure="", responsible_post="", due_on=at.site["effective_on"])
        return plan_rectification(at.dossier, at.site, name, remedy)

    return access.MEND, trial, name


def _complete(name: str) -> Trial:
    def trial(at: Scene) -> list[DossierEvent]:
        calendar = at.programme.calendar
        return complete_rectification(
            at.dossier, at.site, name, result="", evidence=(), calendar=calendar
        )

    return access.COMPLETE, trial, name


def _withdraw_deficiency(name: str) -> Trial:
    def trial(at: Scene) -> list[DossierEvent]:
        by = access.in_name_of(at.side)
        return withdraw_deficiency(at.dossier, at.site, name, by=by, reason="")

    return access.WITHDRAW_DEFICIENCY, trial, name


def _reopen(name: str) -> Trial:
    def trial(at: Scene) -> list[DossierEvent]:
        return reopen_deficiency(
            at.dossier, at.site, name, by=access.in_name_of(at.side), reason=""
        )

    return access.REOPEN, trial, name
