"""The model of what an office asks of others: money, and to be inspected; and what it is told."""

from collections.abc import Collection
from datetime import date

from tests.stateful import table
from tests.stateful.dossier import Application, Asking, Dossier, Gap
from tests.stateful.world import TOO_EARLY, By, Said, rights


def ask(dossier: Dossier, by: By, amount_fen: int, needed_on: date) -> set[str]:
    """The office asks its government for money."""
    why = rights(by, {"clerk": dossier.township.office}) | dossier.enrolled(by)
    why |= {"needed-day-passed"} if needed_on < by.on else set()
    why |= set() if amount_fen else {"funding-amount-missing"}

    def said() -> list[Said]:
        dossier.askings.append(Asking("", by.on, amount_fen))
        return [Said("funding-requested", by.on)]

    return dossier.world.settle(by, why, dossier.stream, said)


def decide(
    dossier: Dossier,
    by: By,
    asking: Asking | None,
    decision: str,
    granted_fen: int | None,
    decided_on: date,
    reason: str | None,
) -> set[str]:
    """A later answer replaces the earlier, and the same one is nothing new."""
    town = dossier.township
    why = rights(by, {"clerk": town.office, "gov": town.government}) | dossier.enrolled(by)
    if asking is None:
        return why | {"unknown-funding"}
    if decision == "granted" and granted_fen is None:
        granted_fen = asking.amount_fen
    fits = {
        "granted": granted_fen == asking.amount_fen,
        "part": granted_fen is not None and 0 < granted_fen < asking.amount_fen,
        "refused": granted_fen is None,
    }[decision]
    answer = (decision, granted_fen, decided_on, reason)
    if fits and asking.answer == answer:
        return dossier.world.settle(by, why, dossier.stream, list, noop=True)
    why |= set() if fits else {"grant-unfit"}
    why |= {TOO_EARLY} if by.on < (asking.answered_on or asking.on) else set()
    why |= set() if asking.on <= decided_on <= by.on else {"decided-outside"}
    why |= {"reasons-missing"} if decision == "refused" and reason is None else set()

    def said() -> list[Said]:
        asking.answer, asking.answered_on = answer, by.on
        return [Said("funding-decided", by.on)]

    return dossier.world.settle(by, why, dossier.stream, said)


def apply(dossier: Dossier, by: By, batch_code: str | None, facts: Collection[str]) -> set[str]:
    """Ask to be inspected: every reason that speaks against it."""
    why = rights(by, {"head": dossier.township.office}) | dossier.enrolled(by)
    book, plan, scored = dossier.world.told, dossier.plan, dossier.scored
    if dossier.under_review:
        why.add("application-open")
    last = dossier.applications[-1] if dossier.applications else None
    if last and last.again_on and by.on < last.again_on:
        why.add("reapply-too-early")
    if not book.phase.holds(by.on):
        early = book.phase.from_on and by.on < book.phase.from_on
        why.add("window-not-open" if early else "window-closed")
    batch = book.batches.get(batch_code or "")
    if batch_code and batch is None:
        why.add("unknown-batch")
    if batch:
        why |= {"batch-not-open"} if by.on < batch.opens_on else set()
        why |= {"batch-closed"} if by.on > batch.closes_on else set()
    if plan is None:
        why.add("plan-missing")
    elif batch and batch.target != plan.target and by.on <= book.targets[plan.target].due_on:
        why.add("batch-of-another-target")
    why |= set() if set(facts) <= set(table.FACTS) else {"unknown-fact"}
    if scored is None:
        return why | {"assessment-missing"}
    if dossier.set_back_on:
        why.add("assessment-before-setback")
    if scored.version != book.version_on(by.on):
        why.add("assessment-outdated")
    stated = frozenset({*facts, *scored.facts})
    found = table.add_up(table.version(scored.version), scored.given, stated)
    if table.failing("prerequisite", table.points(scored.given), stated):
        why.add("prerequisites-not-met")
    why |= {"vetoed"} if found.vetoes else set()
    why |= {"below-pass-mark"} if found.total_cp < table.PASS else set()
    if any(one.startswith(("key:", "category:")) for one in found.failed):
        why.add("minimums-not-met")
    if any(one.blocking and one.status == "open" for one in dossier.gaps):
        why.add("deficiencies-open")
    rests_on = [scored.on, *(one.touched_on for one in dossier.gaps if one.blocking)]
    rests_on += [dossier.planned_on] if dossier.planned_on else []
    rests_on += [one.closed_on for one in dossier.applications if one.closed_on]
    why |= {TOO_EARLY} if by.on < max(rests_on) else set()

    def said() -> list[Said]:
        assert plan is not None
        made = Application(
            name="",
            round=len(dossier.applications) + 1,
            on=by.on,
            target=plan.target,
            batch=batch_code,
            version=scored.version,
            given=scored.given,
            facts=stated,
        )
        dossier.applications.append(made)
        return [Said("application-submitted", by.on, {"round": made.round})]

    return dossier.world.settle(by, why, dossier.stream, said)


def hear_of_case(dossier: Dossier, round: int, said: Said) -> None:
    """The dossier follows its case: on the very day of what it hears of."""
    own = dossier.applications[round - 1]
    if own.outcome is not None:
        return
    match said.name:
        case "returned":
            own.returned = True
            dossier.stream.append(Said("application-returned", said.on))
            lines = table.version(own.version)
            for item, judged in said.what["items"].items():
                left = max(0, lines[item].max_cp - judged)
                dossier.gaps.append(Gap(item, said.what["by"], True, left, said.on))
                dossier.stream.append(Said("deficiency-found", said.on))
            _set_back(dossier, said.on)
        case "closed" | "application-rejected":
            own.outcome, own.closed_on = said.what.get("outcome", "rejected"), said.on
            own.again_on = said.what.get("again_on")
            dossier.stream.append(Said("application-closed", said.on))
            if own.outcome == "failed":
                _set_back(dossier, said.on)


def _set_back(dossier: Dossier, on: date) -> None:
    """Until the office has scored itself again; it may have done so before it hears."""
    scored = dossier.scored
    dossier.set_back_on = None if scored and scored.on > on else on
