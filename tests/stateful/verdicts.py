"""The model of what is agreed and decided about a case, by its team, its district and its city."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import date

from tests.stateful import table
from tests.stateful.case import REAPPLY_WD, TEAM_AT_LEAST, Case, of_city
from tests.stateful.dossier import Application
from tests.stateful.table import Given, Sum
from tests.stateful.world import (
    DISTRICT,
    By,
    Rulebook,
    Said,
    rights,
    working_days_after,
)


def hear_application(case: Case, application: Application, earlier: Sequence[Case]) -> None:
    """A case is opened, or the office is told why there is none."""
    on, book = application.on, case.world.book
    why = objections(application, book)
    reviewed = [one for one in earlier if one.stage != "rejected"]
    if reviewed and reviewed[-1].again_on and on < reviewed[-1].again_on:
        why.add("reapply-too-early")
    if why:
        case.stage = "rejected"
        case.stream.append(Said("application-rejected", on, {"reasons": why}))
    else:
        case.stream.append(case.turn("opened", on, "opened"))


def objections(application: Application, book: Rulebook) -> set[str]:
    """What the district's own record says against it, whatever the office had heard by then."""
    on, why = application.on, set()
    if not book.phase.holds(on):
        why.add("applications-not-open")
    batch = book.batches.get(application.batch or "")
    if batch and batch.target != application.target:
        why |= (
            {"batch-of-another-target"} if on <= book.targets[application.target].due_on else set()
        )
    if application.version != book.version_on(on):
        why.add("standard-not-in-force")
    return why


def hear_withdrawal(case: Case, on: date) -> None:
    """Granted until the district has decided; refused after; nothing once all is over."""
    if case.stage in ("opened", "appointed"):
        case.stream.append(case.close(on, "withdrawn"))
    elif case.stage not in ("rejected", "closed"):
        case.stream.append(Said("withdrawal-refused", on))


def agree(
    case: Case, by: By, given: Given, claims: Mapping[str, bool], facts: Collection[str]
) -> set[str]:
    """What the team agrees, with every claim decided that an item does not apply."""
    why = rights(by, {"member": ""}) | case.at("appointed") | case.early(by)
    why |= set() if by.officer == case.leader else {"not-team-leader"}
    why |= {"team-too-small"} if len(case.seats) < TEAM_AT_LEAST else set()
    if any(case.insider(one, by.on) for one in case.seats):
        why.add("own-office-reviewer")
    why |= table.faults(case.lines, given, complete=True)
    why |= set() if set(facts) <= set(table.FACTS) else {"unknown-fact"}
    counting = case.counting()
    if any(len(counting.get(one, {})) < case.min_markers for one in table.ordinary(case.lines)):
        why.add("markers-missing")
    made = {code for code, mark in case.application.given.items() if mark is None}
    made |= {code for code, marks in counting.items() if None in marks.values()}
    made |= {code for code, mark in given.items() if mark is None}
    why |= {"claims-undecided"} if made - claims.keys() else set()
    why |= {"claim-not-made"} if claims.keys() - made else set()
    if any((given.get(code) is None) != allowed for code, allowed in claims.items()):
        why.add("claim-decided-otherwise")
    if why:
        return case.world.settle(by, why, case.stream, list)
    away = frozenset(code for code, allowed in claims.items() if allowed)
    found = table.add_up(case.lines, given, {*facts, *case.recorded_facts()}, away)
    spread = {
        code: (min(mark or 0 for mark in marks.values()), max(mark or 0 for mark in marks.values()))
        for code, marks in counting.items()
    }
    agreement = (tuple(given.items()), tuple(claims.items()), found)

    def said() -> list[Said]:
        case.agreed, case.agreement, case.away = found, agreement, away
        case.agreed_marks = {code: mark or 0 for code, mark in given.items()}
        case.spread = spread
        case.markers.add(by.officer)
        case.since = by.on
        return [Said("consensus-recorded", by.on)]

    same = case.agreed is not None and case.agreement == agreement
    return case.world.settle(by, why, case.stream, said, noop=same)


def decide(
    case: Case, by: By, decision: str, title: str | None, items: Sequence[str], reasons: int
) -> set[str]:
    """The district passes, fails or returns."""
    why = rights(by, {"leader": DISTRICT}) | case.at("opened", "appointed") | case.early(by)
    if case.agreed is None and (decision != "return" or case.markers):
        why.add("consensus-missing")
    why |= {"decider-marked"} if by.officer in case.markers else set()
    match decision:
        case "pass":
            if case.agreed:
                why |= _unfit(case, case.agreed, title)
            chosen = _chosen(case.agreed, title)

            def said() -> list[Said]:
                case.proposed = chosen
                return [case.turn("preliminary-passed", by.on, "preliminary-passed")]
        case "fail":
            why |= set() if reasons else {"reasons-missing"}

            def said() -> list[Said]:
                return _fail(case, by, "preliminary-failed")
        case _:
            why |= _bad_items(case, items)

            def said() -> list[Said]:
                return _return(
                    case, by, "district", items, case.agreed_marks if case.agreed else {}
                )

    return case.world.settle(by, why, case.stream, said)


def recommend(cases: Sequence[Case], by: By, names: Sequence[str]) -> set[str]:
    """Several in one letter: all, or none."""
    why = rights(by, {"leader": DISTRICT})
    why |= set() if cases else {"cases-missing"}
    why |= {"duplicate-code"} if len(set(names)) < len(names) else set()
    for case in cases:
        why |= case.at("preliminary-passed") | case.early(by)
    return together(cases, by, why, lambda case: _recommended(case, by))


def send_back(case: Case, by: By, reasons: int, answer_by: date | None) -> set[str]:
    """The city sends a letter back."""
    why = for_city(case, by, "recommended", "city-marked")
    why |= set() if reasons else {"reasons-missing"}
    why |= {"days-reversed"} if answer_by and answer_by < by.on else set()

    def said() -> list[Said]:
        case.letter_on = case.city = None
        case.city_marks = {}
        return [case.turn("preliminary-passed", by.on, "recommendation-returned")]

    return case.world.settle(by, why, case.stream, said)


def mark_for_city(
    case: Case,
    by: By,
    granularity: str,
    given: Given,
    categories: Mapping[str, int],
    total_cp: int | None,
    facts: Collection[str],
    inspected_on: date,
) -> set[str]:
    """The city's figures, as finely as it gives them."""
    why = for_city(case, by, "recommended", "city-marked")
    why |= set() if set(facts) <= set(table.FACTS) else {"unknown-fact"}
    if not (case.letter_on or case.since) <= inspected_on <= by.on:
        why.add("inspected-outside")
    known = {*facts, *case.recorded_facts()}
    found: Sum | None = None
    match granularity:
        case "item":
            why |= table.faults(case.lines, given, complete=True)
            found = None if why else table.add_up(case.lines, given, known, case.away)
        case "category":
            why |= {"unknown-category"} if categories.keys() - table.CATEGORIES.keys() else set()
            why |= {"missing-categories"} if table.CATEGORIES.keys() - categories.keys() else set()
            if any(
                table.CATEGORIES.get(code, (mark,))[0] < mark for code, mark in categories.items()
            ):
                why.add("mark-over-maximum")
            found = None if why else table.coarse(sum(categories.values()), categories, known)
        case _:
            why |= {"total-missing"} if total_cp is None else set()
            why |= {"total-over-maximum"} if (total_cp or 0) > table.TOTAL else set()
            found = None if why else table.coarse(total_cp or 0, None, known)

    def said() -> list[Said]:
        case.city = found
        by_item = {code: mark or 0 for code, mark in given.items()}
        case.city_marks = by_item if granularity == "item" else {}
        return [case.turn("city-marked", by.on, "city-marks-recorded")]

    return case.world.settle(by, why, case.stream, said)


def decide_for_city(
    case: Case, by: By, decision: str, title: str | None, items: Sequence[str], reasons: int
) -> set[str]:
    """The city passes, fails or returns."""
    stages = ("city-marked",) if decision == "pass" else ("recommended", "city-marked")
    why = for_city(case, by, *stages)
    match decision:
        case "pass":
            if case.city:
                why |= _unfit(case, case.city, title)
            chosen = _chosen(case.city, title)

            def said() -> list[Said]:
                case.city_title = chosen
                return [case.turn("city-passed", by.on, "city-passed")]
        case "fail":
            why |= set() if reasons else {"reasons-missing"}

            def said() -> list[Said]:
                return _fail(case, by, "city-failed")
        case _:
            why |= _bad_items(case, items)

            def said() -> list[Said]:
                district = case.agreed_marks if case.agreed else {}
                return _return(case, by, "city", items, case.city_marks or district)

    return case.world.settle(by, why, case.stream, said)


def for_city(case: Case, by: By, *stages: str) -> set[str]:
    """The city itself, or the district's officer upon the city's own paper."""
    why = of_city(by) | case.at(*stages) | case.early(by)
    return why | ({"document-missing"} if by.role == "officer" and not by.paper else set())


def together(
    cases: Sequence[Case], by: By, why: set[str], turn: Callable[[Case], list[Said]]
) -> set[str]:
    """One act in several streams: all, or none."""
    if not cases:
        return why
    why = cases[0].world.settle(by, why, [], list)
    if not why and not by.dry:
        for case in cases:
            case.stream += turn(case)
    return why


def _recommended(case: Case, by: By) -> list[Said]:
    case.letter_on = by.on
    return [case.turn("recommended", by.on, "recommended")]


def _unfit(case: Case, found: Sum, title: str | None) -> set[str]:
    why = {"vetoed"} if case.vetoes or found.vetoes else set()
    why |= {"short-of-pass-mark"} if found.total_cp < table.PASS else set()
    if any(one.startswith(("key:", "category:")) for one in found.failed):
        why.add("minimums-missed")
    if title == "demonstration" and found.grade != "demonstration":
        why.add("demonstration-not-reached")
    return why


def _chosen(found: Sum | None, title: str | None) -> str:
    best = "demonstration" if found and found.grade == "demonstration" else "compliant"
    return title or best


def _bad_items(case: Case, items: Sequence[str]) -> set[str]:
    why = set() if items else {"reasons-missing"}
    why |= {"duplicate-code"} if len(set(items)) < len(items) else set()
    return why | (set() if set(items) <= case.lines.keys() else {"unknown-item"})


def _fail(case: Case, by: By, name: str) -> list[Said]:
    again_on = working_days_after(by.on, REAPPLY_WD)
    return [Said(name, by.on), case.close(by.on, "failed", again_on)]


def _return(
    case: Case, by: By, level: str, items: Sequence[str], judged: Mapping[str, int]
) -> list[Said]:
    own = case.application.given
    left = {code: judged.get(code, own.get(code) or 0) for code in items}
    what = {"by": level, "items": left}
    return [Said("returned", by.on, what), case.close(by.on, "returned")]
