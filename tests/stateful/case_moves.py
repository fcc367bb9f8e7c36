"""What a team, its district and its city might send about a case, often wrong somehow."""

from datetime import timedelta
from random import Random

from tests.stateful import case_acts, table, titles
from tests.stateful.case import Case, Seat
from tests.stateful.dice import Right, around, one_in, pick, some_facts, some_marks, somebody
from tests.stateful.play import CHIEF, LEAD, OFFICER, Play
from tests.stateful.walk import SEATS, Mood, agreement
from tests.stateful.world import CITY, DISTRICT, By


def team(dice: Random, play: Play, case: Case) -> None:
    """Teams, visits, marks and what is agreed."""
    officer = (OFFICER, "officer", DISTRICT)
    member: Right = (pick(dice, *case.seats, LEAD), "member", DISTRICT)
    leader: Right = (case.leader or LEAD, "member", DISTRICT)
    acts = ("appoint", "recuse", "replace", "schedule", "hold", "mark", "mark", "agree", "agree")
    match pick(dice, *acts):
        case "appoint":
            case_acts.appoint(play, somebody(dice, play, officer), case, _seats(dice, play),
                              pick(dice, 1, 1, 1, 2))  # fmt: skip
        case "recuse":
            case_acts.step_down(
                play, somebody(dice, play, member, ("m4", "member", DISTRICT)), case
            )
        case "replace":
            leaving = pick(dice, *case.seats, "m4")
            follower = pick(dice, "m3", "m4", LEAD, "insider", play.moved, "ghost", None)
            case_acts.replace(play, somebody(dice, play, officer), case, leaving, follower)
        case "schedule":
            level = pick(dice, "district", "district", "city")
            by = somebody(
                dice, play, leader if level == "district" else ("u1", "city", CITY), member
            )
            replaces = pick(dice, None, None, *case.visits, "nowhere")
            case_acts.schedule(play, by, case, level, backwards=one_in(dice, 6), replaces=replaces)
        case "hold":
            visit = pick(dice, *case.visits, *case.visits, "nowhere")
            by = somebody(dice, play, leader, member, ("u1", "city", CITY))
            present = [pick(dice, *case.seats, "m4")]
            case_acts.hold(play, by, case, visit, present)
        case "mark":
            by = somebody(dice, play, member)
            seat = case.seats.get(by.officer)
            own = seat.categories if seat and not one_in(dice, 6) else tuple(table.CATEGORIES)
            items = table.ordinary(case.lines, *own[: pick(dice, 2, 1)])
            case_acts.mark(play, by, case, some_marks(dice, case.lines, items))
        case "agree":
            by = somebody(dice, play, leader, leader, leader, member)
            given, claims = agreement(case, Mood(pick(dice, "best", "good"), claim=one_in(dice, 3),
                                                 allowed=pick(dice, True, False)))  # fmt: skip
            if one_in(dice, 3):
                given = some_marks(dice, case.lines)
            if one_in(dice, 5):
                claims.pop("DA-2", None)
            if one_in(dice, 9):
                claims["DA-2"] = pick(dice, True, False)
            case_acts.agree(play, by, case, given, claims, some_facts(dice))


def _seats(dice: Random, play: Play) -> list[Seat]:
    """A sound team, or one with something wrong about it."""
    seats = list(SEATS)
    if one_in(dice, 2):
        at = pick(dice, 0, 1, 2)
        stranger = pick(dice, "m3", "m4", CHIEF, "insider", play.moved, play.moved, "ghost", "m1")
        seats[at] = Seat(stranger, seats[at].leads, seats[at].categories)
    match pick(dice, *[""] * 6, "small", "none", "two", "gap", "odd"):
        case "small":
            seats.pop()
        case "none":
            seats[0] = Seat(seats[0].officer, False, seats[0].categories)
        case "two":
            seats[1] = Seat(seats[1].officer, True, seats[1].categories)
        case "gap":
            seats = [Seat(one.officer, one.leads, ("JG",)) for one in seats]
        case "odd":
            seats[2] = Seat(seats[2].officer, False, ("JG", "DA", "XX"))
    return seats


def deciding(dice: Random, play: Play, case: Case) -> None:
    """Vetoes and verdicts, of the district and of the city."""
    leader, officer = (CHIEF, "leader", DISTRICT), (OFFICER, "officer", DISTRICT)
    city: Right = ("u1", "city", CITY)
    today = play.world.today
    acts = ("veto", "decide", "decide", "recommend", "send-back", "marks", "city", "city")
    match pick(dice, *acts):
        case "veto":
            by = somebody(dice, play, officer, leader, city)
            occurred_on = by.on + timedelta(pick(dice, 0, -9, 1))
            case_acts.veto(play, by, case, pick(dice, "fatal", "no-office", "reports"), occurred_on)
        case "decide" | "city" as act:
            of_city = act == "city"
            # One who marked may hold a leader's post as well.
            rights = (
                (city, city, officer) if of_city else (leader, leader, (LEAD, "leader", DISTRICT))
            )
            by = somebody(dice, play, *rights, decision=True)
            items = dice.choices(
                ("JG-1", "DA-1", "DA-2", "JG-2", "XX-9"), k=dice.choice((0, 1, 1, 2))
            )
            case_acts.decide(
                play,
                by,
                case,
                pick(dice, "pass", "pass", "return", "fail"),
                title=pick(dice, None, None, "compliant", "demonstration"),
                items=items,
                reasons=pick(dice, 1, 1, 0),
                city=of_city,
            )
        case "recommend":
            cases = [
                case,
                *(one for one in play.cases.values() if one.stage == "preliminary-passed"),
            ]
            if not one_in(dice, 6):
                cases = list({id(one): one for one in cases}.values())
            by = somebody(dice, play, leader)
            case_acts.recommend(play, by, [] if one_in(dice, 9) else cases)
        case "send-back":
            answer_by = pick(dice, None, today + timedelta(9), today - timedelta(1))
            by = somebody(dice, play, city, city, officer)
            case_acts.send_back(play, by, case, pick(dice, 1, 1, 0), answer_by)
        case "marks":
            _city_marks(dice, play, case)


def _city_marks(dice: Random, play: Play, case: Case) -> None:
    by = somebody(dice, play, ("u1", "city", CITY), (OFFICER, "officer", DISTRICT))
    inspected_on = by.on if not one_in(dice, 3) else around(dice, play, case.letter_on)
    facts = some_facts(dice)
    match pick(dice, "total", "category", "item"):
        case "total":
            total_cp = pick(dice, 7999, 8000, 9000, 10000, 10001, None)
            case_acts.mark_for_city(play, by, case, inspected_on, total_cp=total_cp, facts=facts)
        case "category":
            found: dict[str, int] = {"JG": pick(dice, 6000, 5000, 2999, 6001)}
            if not one_in(dice, 6):
                found["DA"] = pick(dice, 4000, 3400, 3399, 3000)
            if one_in(dice, 9):
                found["XX"] = 0
            case_acts.mark_for_city(play, by, case, inspected_on, categories=found, facts=facts)
        case "item":
            given = some_marks(dice, case.lines)
            case_acts.mark_for_city(play, by, case, inspected_on, given=given, facts=facts)


def titles_and_money(dice: Random, play: Play, case: Case) -> None:
    """Awards, corrections, revocations, rewards, and the end of a case."""
    leader, city = (CHIEF, "leader", DISTRICT), ("u1", "city", CITY)
    titled = [one for one in play.cases.values() if one.title]
    if titled and not one_in(dice, 4):
        case = dice.choice(titled)
        if not case.rewards and one_in(dice, 2):
            case_acts.grant(play, By(CHIEF, "leader", DISTRICT, play.world.today), case, "district",
                            "on-time", 200_000, None)  # fmt: skip
    rewards = [*case.rewards, None] if case.rewards else [None]
    acts = (
        "award",
        "award",
        "correct",
        "correct",
        "revoke",
        "grant",
        "pay",
        "pay",
        "cancel",
        "close",
    )
    match pick(dice, *acts):
        case "award":
            ripe = [one for one in play.cases.values() if one.stage == "city-passed"]
            cases = ripe if ripe and not one_in(dice, 3) else [case]
            numbers = [_number(dice, play) for _ in cases]
            given = [(pick(dice, "compliant", "demonstration"), number) for number in numbers]
            by = somebody(dice, play, city, city, (OFFICER, "officer", DISTRICT))
            until_on = pick(dice, None, None, by.on + timedelta(900), by.on - timedelta(1))
            case_acts.award(play, by, cases, given, until_on)
        case "correct":
            _correct(dice, play, case)
        case "revoke":
            found, number = _titled(dice, play, case)
            case_acts.revoke(play, somebody(dice, play, leader, city), found, number)
        case "grant":
            fund, basis = (
                pick(dice, "city", "district"),
                pick(dice, "on-time", "rank", "demonstration"),
            )
            amount = titles.GRANTS.get((fund, basis), 77)
            amount = pick(dice, amount, amount, 0, amount + 1)
            rank = pick(dice, 1, 2, 3, None)
            case_acts.grant(play, somebody(dice, play, leader), case, fund, basis, amount, rank)
        case "pay":
            amount = pick(dice, 1, 100_000, 200_000, 500_001, 0)
            case_acts.pay(play, somebody(dice, play, leader), case, pick(dice, *rewards), amount)
        case "cancel":
            case_acts.cancel(play, somebody(dice, play, leader), case, pick(dice, *rewards))
        case "close":
            case_acts.finish(play, somebody(dice, play, leader), case)


def _correct(dice: Random, play: Play, case: Case) -> None:
    found, number = _titled(dice, play, case)
    by = somebody(dice, play, (CHIEF, "leader", DISTRICT), ("u1", "city", CITY))
    field = pick(dice, "title", "plaque_number", "valid_until_on")
    title = found.title if found else None
    until = title.until_on.isoformat() if title and title.until_on else None
    was = {
        "title": title.title if title else "compliant",
        "plaque_number": title.number if title else "无",
        "valid_until_on": until,
    }[field]
    is_: str | None
    match field:
        case "title":
            is_ = pick(dice, "compliant", "demonstration")
        case "plaque_number":
            is_ = _number(dice, play)
        case _:
            is_ = pick(dice, None, (by.on + timedelta(pick(dice, 500, -90))).isoformat())
    if one_in(dice, 6):
        was = "2000-01-01"
    case_acts.correct(play, by, found, number, field, was, is_)


def _titled(dice: Random, play: Play, case: Case) -> tuple[Case | None, str]:
    """The case's title by a number that it bears or bore, written otherwise; or by an unknown."""
    if case.title is None or one_in(dice, 9):
        return None, f"{play.world.code}[1999]9号"
    return case, _otherwise(dice, pick(dice, *case.title.borne))


def _number(dice: Random, play: Play) -> str:
    """A new number, or one that was used, maybe written otherwise."""
    borne = [number for one in play.cases.values() if one.title for number in one.title.borne]
    if borne and one_in(dice, 2):
        return _otherwise(dice, pick(dice, *borne))
    return f"{play.world.code}〔2018〕{play.commands}号"


def _otherwise(dice: Random, number: str) -> str:
    match pick(dice, "same", "brackets", "wide", "spaces"):
        case "brackets":
            return number.replace("〔", "[").replace("〕", "]")
        case "wide":
            return number.translate({code: code + 0xFEE0 for code in range(0x30, 0x3A)})
        case "spaces":
            return number.replace("〕", "〕 ")
        case _:
            return number
