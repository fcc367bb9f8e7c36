"""The next legal step of a township, whatever it is: how a game comes far within few moves."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.stateful import case_acts, office_acts, table, verdicts
from tests.stateful.case import Case, Seat
from tests.stateful.dossier import Dossier, Plan
from tests.stateful.play import CHIEF, LEAD, MEMBERS, OFFICER, Play
from tests.stateful.table import Given, Line
from tests.stateful.world import CITY, DISTRICT, By

SEATS = (
    Seat(LEAD, True, ("JG",)),
    Seat("m1", False, ("DA",)),
    Seat("m2", False, ("JG", "DA")),
)


@dataclass(frozen=True, slots=True)
class Mood:
    """How it goes where it could go several ways."""

    quality: str = "best"
    """`best` is worth a demonstration, `good` passes, `poor` does not."""
    district: str = "pass"
    city: str = "pass"
    claim: bool = False
    granularity: str = "total"
    allowed: bool = True


def worth(lines: dict[str, Line], mood: Mood) -> dict[str, int | None]:
    """Marks of such a quality, of every item but the bonus."""
    given: dict[str, int | None] = {code: lines[code].max_cp for code in table.ordinary(lines)}
    if mood.quality != "best":
        given["JG-1"] = 2800 if mood.quality == "good" else 2600
    if mood.quality == "poor":
        given["JG-2"] = 0
    if mood.claim:
        given["DA-2"] = None
    return given


def walk(play: Play, dossier: Dossier, mood: Mood) -> bool:
    """Take the next step; False where only time or news can help."""
    world, town = play.world, dossier.township
    head = By("h1", "head", town.office, world.today)
    clerk = By("c1", "clerk", town.office, world.today)
    case = play.current(town.code)
    if dossier.under_review:
        return case is not None and _review(play, case, mood)
    if case and case.title and case.title.revoked_on is None and _reward(play, case):
        return True
    book = world.told
    if dossier.plan is None:
        if world.today > book.targets["all"].due_on:
            return False
        office_acts.file(play, head, dossier, Plan("all", None, book.targets["all"].due_on), False)
        return True
    open_ = [one for one in dossier.gaps if one.status == "open" and one.blocking]
    if open_:
        if not open_[0].name:
            office_acts.learn(play, dossier)
        office_acts.mend(play, clerk, dossier, open_[0], "completion")
        return True
    lines, scored = book.lines_on(world.today), dossier.scored
    stale = scored is None or scored.version != book.version_on(world.today)
    if stale or dossier.set_back_on or _fails(dossier):
        office_acts.assess(play, clerk, dossier, "full", worth(dict(lines), Mood("best")))
        return True
    if mood.claim and scored and None not in scored.given.values():
        given = worth(dict(lines), Mood("good", claim=True))
        office_acts.assess(play, clerk, dossier, "pre-application", given)
        return True
    if not book.phase.holds(world.today):
        return False
    last = dossier.applications[-1] if dossier.applications else None
    if last and last.again_on and world.today < last.again_on:
        return False
    office_acts.apply(play, head, dossier, None)
    return True


def _fails(dossier: Dossier) -> bool:
    scored = dossier.scored
    if scored is None:
        return True
    found = table.add_up(table.version(scored.version), scored.given, scored.facts)
    below = scored.given.get("JG-1") or 0
    return found.grade == "none" or below < 2500


def _review(play: Play, case: Case, mood: Mood) -> bool:
    today = play.world.today
    chief = By(CHIEF, "leader", DISTRICT, today)
    city = By("city-1", "city", CITY, today)
    match case.stage:
        case "opened":
            return _appoint(play, case)
        case "appointed":
            return _inspect(play, case, mood, chief)
        case "preliminary-passed":
            others = [
                one
                for one in play.cases.values()
                if one.stage == "preliminary-passed" and one is not case
            ]
            case_acts.recommend(play, chief, [case, *others])
        case "recommended":
            return _verify(play, case, mood, city)
        case "city-marked":
            _conclude(play, case, mood, city)
        case "city-passed":
            number = f"{play.world.code}〔2018〕{play.commands}号"
            title = case.city_title or "compliant"
            case_acts.award(play, city, [case], [(title, number)])
        case "awarded":
            case_acts.finish(play, chief, case)
        case _:
            return False
    return True


def _appoint(play: Play, case: Case) -> bool:
    """Whoever has not stood aside, one leading, every category with somebody."""
    today = play.world.today
    strangers = [
        one
        for one in (*MEMBERS, "m3", "m4", CHIEF)
        if one not in case.aside and not case.insider(one, today)
    ]
    if len(strangers) < 3:
        return False
    seats: Sequence[Seat] = SEATS
    if strangers[:3] != list(MEMBERS):
        seats = tuple(
            Seat(one, number == 0, ("JG", "DA")) for number, one in enumerate(strangers[:3])
        )
    case_acts.appoint(play, By(OFFICER, "officer", DISTRICT, today), case, seats)
    return True


def _inspect(play: Play, case: Case, mood: Mood, chief: By) -> bool:
    today = play.world.today
    if (
        case.leader is None
        or len(case.seats) < 3
        or any(case.insider(o, today) for o in case.seats)
    ):
        return _appoint(play, case)
    leader = By(case.leader, "member", DISTRICT, today)
    visits = [one for one, (level, _) in case.visits.items() if level == "district"]
    if not visits:
        case_acts.schedule(play, leader, case)
    elif not set(visits) & case.held.keys():
        case_acts.hold(play, leader, case, visits[0], list(case.seats))
    elif unmarked := _unmarked(case):
        officer, categories = unmarked[0]
        given = worth(dict(case.lines), mood)
        own = {code: given[code] for code in table.ordinary(case.lines, *categories)}
        case_acts.mark(play, By(officer, "member", DISTRICT, today), case, own)
    elif case.agreed is None:
        _agree(play, case, mood, leader)
    else:
        return _decide(play, case, mood, chief)
    return True


def _unmarked(case: Case) -> list[tuple[str, Sequence[str]]]:
    """Who has nothing on record yet of what is theirs."""
    found: list[tuple[str, Sequence[str]]] = []
    for officer, seat in case.seats.items():
        missing = [one for one in seat.categories if (officer, one) not in case.markings]
        if missing:
            found.append((officer, missing))
    return found


def agreement(case: Case, mood: Mood) -> tuple[Given, dict[str, bool]]:
    """Marks that a team may agree on, with its claims decided."""
    given = worth(dict(case.lines), mood)
    own = {code for code, mark in case.application.given.items() if mark is None}
    own |= {code for code, marks in case.counting().items() if None in marks.values()}
    own |= {code for code, mark in given.items() if mark is None}
    claims = dict.fromkeys(sorted(own), mood.allowed)
    for code in own:
        given[code] = None if mood.allowed else 0
    return given, claims


def _agree(play: Play, case: Case, mood: Mood, leader: By) -> None:
    given, claims = agreement(case, mood)
    case_acts.agree(play, leader, case, given, claims)


def _decide(play: Play, case: Case, mood: Mood, chief: By) -> bool:
    if CHIEF in case.markers:
        chief = By("chief-2", "leader", DISTRICT, play.world.today)
    asked = By(chief.officer, chief.role, chief.organisation, chief.on, dry=True)
    decision = mood.district
    if decision == "pass" and verdicts.decide(case, asked, "pass", None, (), 0):
        decision = "return" if mood.claim else "fail"
    items = ["JG-1", "DA-1"] if decision == "return" else []
    case_acts.decide(play, chief, case, decision, items=items)
    return True


def _verify(play: Play, case: Case, mood: Mood, city: By) -> bool:
    today = play.world.today
    if mood.city == "send-back":
        case_acts.send_back(play, city, case, 1, None)
    elif mood.granularity == "item":
        case_acts.mark_for_city(play, city, case, today, given=worth(dict(case.lines), mood))
    elif mood.granularity == "category":
        shares = {"JG": 5800, "DA": 3900 if mood.quality == "best" else 3300}
        case_acts.mark_for_city(play, city, case, today, categories=shares)
    else:
        total = {"best": 9500, "good": 8000, "poor": 7999}[mood.quality]
        case_acts.mark_for_city(play, city, case, today, total_cp=total)
    return True


def _conclude(play: Play, case: Case, mood: Mood, city: By) -> None:
    asked = By(city.officer, city.role, city.organisation, city.on, dry=True)
    decision = mood.city if mood.city in ("fail", "return") else "pass"
    if decision == "pass" and verdicts.decide_for_city(case, asked, "pass", None, (), 0):
        decision = "fail"
    items = ["JG-2"] if decision == "return" else []
    case_acts.decide(play, city, case, decision, items=items, city=True)


def _reward(play: Play, case: Case) -> bool:
    """The city's money, in two instalments."""
    chief = By(CHIEF, "leader", DISTRICT, play.world.today)
    if not case.rewards:
        case_acts.grant(play, chief, case, "city", "on-time", 500_000, None)
        return True
    last = case.rewards[-1]
    if last.cancelled or last.paid_fen == last.amount_fen:
        return False
    left = last.amount_fen - last.paid_fen
    case_acts.pay(play, chief, case, last, min(left, 300_000))
    return True
