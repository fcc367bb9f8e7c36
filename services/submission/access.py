"""Who may read a dossier, who may act in it, and what each of them may do next."""

from collections.abc import Callable, Iterator
from datetime import date

from services.submission import programmes
from services.submission.application import Terms, request_withdrawal, submit_application
from services.submission.dossier import Deficiency, Dossier
from services.submission.planning import Intent, file_plan, record_assessment, revise_plan
from services.submission.programmes import Programme
from services.submission.rectification import (
    Remedy,
    complete_rectification,
    find_deficiencies,
    plan_rectification,
    reopen_deficiency,
    withdraw_deficiency,
)
from shared.contracts.blocks import FoundBy, TownshipSite
from shared.contracts.dossier import DossierEvent
from shared.contracts.refusals import Refused
from shared.web.acts import Act, attempt
from shared.web.auth import Principal, own_office

READERS = ("clerk", "head", "officer", "leader", "auditor")
DISTRICT = frozenset({"officer", "leader"})


def may_read(principal: Principal, programme: Programme, township: str) -> None:
    """The office its own, the district and auditors any; else Refused("other-organisation")."""
    office = programmes.enrolment(programme, township).enrolled.office
    if "auditor" in principal.roles or _of_district(principal, programme):
        return
    own_office(principal, office)


def acts_for_office(principal: Principal, programme: Programme, township: str) -> None:
    """Only the office itself; else Refused("other-organisation")."""
    own_office(principal, programmes.enrolment(programme, township).enrolled.office)


def corrects_as(principal: Principal, programme: Programme, township: str) -> FoundBy:
    """In whose name a deficiency is put right: the district's, or the office's own."""
    if "officer" in principal.roles and principal.organisation == programme.district:
        return "district"
    if "clerk" not in principal.roles:
        raise Refused("role-not-allowed", roles=["clerk", "officer"])
    acts_for_office(principal, programme, township)
    return "self"


def acts(
    principal: Principal, dossier: Dossier, programme: Programme, township: str, on: date
) -> list[Act]:
    """Every act a dossier knows, tried by this principal on this day by the very decisions."""

    def here() -> TownshipSite:
        return programmes.site(programme, township, on)

    def by(role: str, decision: Callable[[], object]) -> Callable[[], object]:
        def tried() -> object:
            if role not in principal.roles:
                raise Refused("role-not-allowed", roles=[role])
            acts_for_office(principal, programme, township)
            return decision()

        return tried

    def apply() -> list[DossierEvent]:
        standard = programmes.standard_in_force(programme, on)
        terms = Terms(standard=standard, phases=programme.phases, targets=programme.targets)
        return submit_application(
            dossier, here(), application_id="", terms=terms, signed_by=principal.officer
        )

    def assess() -> list[DossierEvent]:
        standard = programmes.standard_in_force(programme, on)
        return record_assessment(
            dossier,
            here(),
            assessment_id="",
            kind="gap",
            standard=standard,
            scored_under=standard.standard.version,
            marks=(),
        )

    def find() -> list[DossierEvent]:
        standard = programmes.standard_in_force(programme, on)
        return find_deficiencies(dossier, here(), (), standard=standard)

    found = [
        attempt("plans", by("head", lambda: _plan(dossier, here(), programme, principal))),
        attempt("self-assessments", by("clerk", assess)),
        attempt("deficiencies", by("clerk", find)),
        attempt("applications", by("head", apply)),
    ]
    if (under_review := dossier.under_review) is not None:
        application_id = under_review.submitted.application_id

        def withdraw() -> list[DossierEvent]:
            return request_withdrawal(dossier, here(), application_id, reason="")

        found.append(attempt("withdrawal", by("head", withdraw), application_id))
    for deficiency in dossier.deficiencies.values():
        found += _about(deficiency, principal, dossier, programme, here, by)
    return found


Here = Callable[[], TownshipSite]
By = Callable[[str, Callable[[], object]], Callable[[], object]]


def _about(
    deficiency: Deficiency,
    principal: Principal,
    dossier: Dossier,
    programme: Programme,
    here: Here,
    by: By,
) -> Iterator[Act]:
    """What may be done about one deficiency; nothing is said of one recorded in error."""
    name = deficiency.found.deficiency_id
    township = deficiency.found.township

    def plan() -> list[DossierEvent]:
        site = here()
        remedy = Remedy(measure="", responsible_post="", due_on=site["effective_on"])
        return plan_rectification(dossier, site, name, remedy)

    def complete() -> list[DossierEvent]:
        return complete_rectification(
            dossier, here(), name, result="", evidence=(), calendar=programme.calendar
        )

    def withdraw() -> list[DossierEvent]:
        by_whom = corrects_as(principal, programme, township)
        return withdraw_deficiency(dossier, here(), name, by=by_whom, reason="")

    def reopen() -> list[DossierEvent]:
        by_whom = corrects_as(principal, programme, township)
        return reopen_deficiency(dossier, here(), name, by=by_whom, reason="")

    if deficiency.status == "open":
        yield attempt("rectification-plans", by("clerk", plan), name)
        yield attempt("completion", by("clerk", complete), name)
        yield attempt("withdrawal", withdraw, name)
    elif deficiency.status == "done":
        yield attempt("reopening", reopen, name)


def _plan(
    dossier: Dossier, site: TownshipSite, programme: Programme, principal: Principal
) -> list[DossierEvent]:
    """Some plan that could be: for the plan's own target, or the last one that falls due."""
    last = max(programme.targets.values(), key=lambda target: target.due_on)
    if dossier.plan is None:
        return file_plan(
            dossier,
            site,
            Intent(target=last.code, reach_on=last.due_on, goals=(), duties=()),
            targets=programme.targets,
            batches=programme.batches,
            due_on=programme.plan_due_on,
            calendar=programme.calendar,
            signed_by=principal.officer,
        )
    own = programme.targets[dossier.plan.target]
    aim = own if site["effective_on"] <= own.due_on else last
    return revise_plan(
        dossier,
        site,
        Intent(target=aim.code, reach_on=aim.due_on, goals=(), duties=()),
        targets=programme.targets,
        batches=programme.batches,
        signed_by=principal.officer,
        reason="",
        district=programme.district,
    )


def _of_district(principal: Principal, programme: Programme) -> bool:
    return principal.organisation == programme.district and bool(DISTRICT & principal.roles)
