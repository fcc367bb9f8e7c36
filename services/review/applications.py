"""The applications that offices sent, as heard from their dossiers, and what speaks against one."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from services.review.programmes.definition import in_phase
from services.review.programmes.programme import Programme
from shared.contracts.blocks import Mark, Totals
from shared.contracts.dossier import ApplicationSubmitted, DossierEvent
from shared.contracts.programme import StandardPublished
from shared.contracts.refusals import Refused
from shared.standard import check, check_facts, prerequisites, score, to_pass_cp


@dataclass(frozen=True, slots=True)
class Applications:
    """One township's applications by id: a case carries totals only, the marks are here."""

    submitted: Mapping[str, ApplicationSubmitted] = field(default_factory=dict)

    def marks(self, application: str) -> Mapping[str, Mark]:
        """The office's own marks by item; empty for an application never heard of."""
        found = self.submitted.get(application)
        return {mark.item: mark for mark in found.marks} if found else {}


def evolve(applications: Applications, event: DossierEvent) -> Applications:
    match event:
        case ApplicationSubmitted():
            return replace(
                applications,
                submitted={**applications.submitted, event.application_id: event},
            )
        case _:
            return applications  # the rest of a dossier is its own service's business


def objections(programme: Programme, application: ApplicationSubmitted) -> Iterator[Refused]:
    """Every reason for which no case is opened, judged on the day of the application.

    The office's side checked by what it knew; here the record itself decides. What happened since
    (the township left, the programme ended) does not undo an application that was in time.
    """
    if programme.opened is None:
        yield Refused("unknown-programme", programme=application.programme)
        return
    day = application.effective_on
    if programme.closed is not None and day > programme.closed.closed_on:
        yield Refused("programme-closed", closed_on=programme.closed.closed_on)
    yield from _who(programme, application)
    yield from _when(programme, application)
    standard = programme.standard_by(application.standard)
    if standard is None:
        yield Refused("standard-unknown", version=application.standard.version)
        return
    in_force = programme.standard_on(day)
    if in_force != standard:
        yield Refused(
            "standard-not-in-force",
            version=standard.standard.version,
            in_force_version=in_force.standard.version if in_force else None,
        )
    yield from _what(standard, application)


def _who(programme: Programme, application: ApplicationSubmitted) -> Iterator[Refused]:
    enrolled = programme.enrolled_on(application.township, application.effective_on)
    if enrolled is None:
        yield Refused(
            "township-not-enrolled",
            township=application.township,
            programme=application.programme,
        )
    elif not programme.acts_as(application.office, enrolled.office):
        yield Refused("office-differs", office=application.office, enrolled=enrolled.office)


def _when(programme: Programme, application: ApplicationSubmitted) -> Iterator[Refused]:
    day = application.effective_on
    if programme.rules_on("deadlines", day) is None:
        yield Refused("rules-not-in-force", kind="deadlines", day=day)
    if not any(one.applications_open and in_phase(day, one) for one in programme.phases.values()):
        yield Refused("applications-not-open", day=day)
    target = programme.targets.get(application.target)
    if target is None:
        known = sorted(programme.targets)
        yield Refused("unknown-target", target=application.target, known=known)
    if application.batch is None:
        return
    batch = programme.batches.get(application.batch)
    if batch is None:
        known = sorted(programme.batches)
        yield Refused("unknown-batch", batch=application.batch, known=known)
    elif day < batch.opens_on:
        yield Refused("batch-not-open", batch=batch.name, opens_on=batch.opens_on)
    elif day > batch.closes_on:
        yield Refused("batch-closed", batch=batch.name, closes_on=batch.closes_on)
    # Who missed the target cannot leave it any more: the batches that are left are others'.
    if batch and target and batch.target != target.code and day <= target.due_on:
        yield Refused("batch-of-another-target", batch=batch.name, target=target.name)


def _what(standard: StandardPublished, application: ApplicationSubmitted) -> Iterator[Refused]:
    try:
        check(standard, application.marks, complete=True)
        check_facts(standard, application.facts)
        totals = score(standard, application.marks, facts=application.facts)
    except Refused as refused:
        of = refused.facts.get("item", refused.facts.get("fact"))
        yield Refused("marks-unsound", cause=refused.code, item=of)
        return
    if totals != application.totals:
        yield Refused("totals-differ")
    names = {gate.code: gate.name for gate in standard.gates}
    gates = prerequisites(standard, application.marks, facts=application.facts)
    unmet = [one.code for one in gates if not one.met]
    if unmet:
        yield Refused("prerequisites-not-met", gates=[names[code] for code in unmet])
    try:
        check_reached(standard, totals)
    except Refused as refused:
        yield refused


def check_reached(standard: StandardPublished, totals: Totals) -> None:
    """Passing takes the mark, no veto, and every minimum.

    Raises Refused: `vetoed`, `short-of-pass-mark`, `minimums-missed`.
    """
    if totals.vetoes:
        names = {gate.code: gate.name for gate in standard.gates}
        raise Refused("vetoed", gates=[names[code] for code in totals.vetoes])
    if short_cp := to_pass_cp(standard, totals):
        raise Refused(
            "short-of-pass-mark",
            total_cp=totals.total_cp,
            pass_cp=standard.pass_cp,
            short_cp=short_cp,
        )
    if totals.grade == "none":
        failed = [gate for gate in totals.failed_gates if gate.startswith(("key:", "category:"))]
        raise Refused("minimums-missed", gates=failed)
