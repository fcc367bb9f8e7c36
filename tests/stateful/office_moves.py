"""What an office and its district might send, often wrong somehow."""

from datetime import timedelta
from random import Random

from tests.stateful import office_acts, table
from tests.stateful.dice import Right, around, one_in, pick, some_facts, some_marks, somebody
from tests.stateful.dossier import Dossier, Plan
from tests.stateful.play import CHIEF, OFFICER, Play
from tests.stateful.world import CITY, DISTRICT, Batch


def office(dice: Random, play: Play, dossier: Dossier) -> None:
    """Plans, assessments, money and applications."""
    town, book, today = dossier.township, play.world.told, play.world.today
    head, clerk = ("h1", "head", town.office), ("c1", "clerk", town.office)
    match pick(dice, "plan", "plan", "assess", "ask", "answer", "apply", "apply", "withdraw"):
        case "plan":
            by = somebody(dice, play, head)
            target = pick(dice, "first", "all", "first", "all", "nowhere")
            due_on = book.targets[target].due_on if target in book.targets else today
            reach_on = due_on if not one_in(dice, 3) else around(dice, play, due_on)
            batch = pick(dice, None, None, "b1", "b2", "b9")
            revising = dossier.plan is not None and not one_in(dice, 6)
            consent = None
            if revising and one_in(dice, 3):
                giver = pick(dice, DISTRICT, DISTRICT, DISTRICT, CITY)
                consent = (giver, not one_in(dice, 6), around(dice, play, by.on - timedelta(25)))
            office_acts.file(
                play,
                by,
                dossier,
                Plan(target, batch, reach_on),
                revising or one_in(dice, 9),
                consent,
            )
        case "assess":
            by = somebody(dice, play, clerk)
            version = pick(dice, None, None, None, 1, 2, 3)
            kind = pick(dice, "gap", "full", "pre-application")
            given = some_marks(dice, book.lines_on(by.on))
            office_acts.assess(play, by, dossier, kind, given, some_facts(dice), version)
        case "ask":
            by = somebody(dice, play, clerk)
            needed_on = around(dice, play, today + timedelta(30))
            office_acts.ask(play, by, dossier, pick(dice, 1, 5_000_000, 0), needed_on)
        case "answer":
            by = somebody(dice, play, clerk, ("g1", "gov", town.government))
            asked = pick(dice, *dossier.askings, None) if dossier.askings else None
            office_acts.answer(
                play,
                by,
                dossier,
                asked,
                pick(dice, "granted", "part", "refused"),
                pick(dice, None, None, 1, 5_000_000),
                by.on if not one_in(dice, 3) else around(dice, play, by.on),
                pick(dice, "资金紧张", None),
            )
        case "apply":
            by = somebody(dice, play, head)
            batch = pick(dice, None, None, "b1", "b2", "b9")
            office_acts.apply(play, by, dossier, batch, some_facts(dice))
        case "withdraw":
            last = dossier.applications[-1] if dossier.applications else None
            by = somebody(dice, play, head)
            reason = pick(dice, "人员变动", "另有安排")
            office_acts.withdraw(play, by, dossier, None if one_in(dice, 9) else last, reason)


def mending(dice: Random, play: Play, dossier: Dossier) -> None:
    """Gaps found, planned for, closed, opened again and taken back."""
    clerk = ("c1", "clerk", dossier.township.office)
    if not dossier.gaps or one_in(dice, 4):
        items = dice.sample((*table.version(1), *table.version(1), "XX-9"), dice.randint(1, 2))
        by = somebody(dice, play, clerk)
        office_acts.find(play, by, dossier, items, pick(dice, True, True, False))
        return
    if any(not one.name for one in dossier.gaps):
        office_acts.learn(play, dossier)
    gap = None if one_in(dice, 20) else pick(dice, *dossier.gaps)
    act = pick(dice, "completion", "completion", "reopening", "reopening", "withdrawal", "plan")
    if act == "plan":
        by = somebody(dice, play, clerk)
        due_on = around(dice, play, by.on + timedelta(20))
        size = gap.gap_cp if gap else 0
        office_acts.remedy(play, by, dossier, gap, due_on, pick(dice, 0, size, size + 1))
        return
    rights: tuple[Right, ...] = (clerk,)
    if act != "completion":
        rights = (clerk, (OFFICER, "officer", DISTRICT))
    office_acts.mend(play, somebody(dice, play, *rights), dossier, gap, act)


def programme(dice: Random, play: Play) -> None:
    """The district publishes and reschedules."""
    book, today = play.world.book, play.world.today
    leader, officer = (CHIEF, "leader", DISTRICT), (OFFICER, "officer", DISTRICT)
    match pick(dice, "publish", "batch", "phase", "target"):
        case "publish":
            last = len(book.in_force)
            in_force_on = today + timedelta(pick(dice, 1, 1, 2, 10, 0, -1))
            number = last if one_in(dice, 4) else last + 1
            office_acts.publish(play, somebody(dice, play, leader), number, in_force_on)
        case "batch":
            opens_on = around(dice, play, book.phase.from_on, today)
            closes_on = opens_on + timedelta(pick(dice, 30, 30, 0, -1, 300))
            batch = Batch(opens_on, closes_on, pick(dice, "all", "first", "nowhere"))
            code = pick(dice, f"b{len(book.batches) + 1}", "b1")
            office_acts.announce(play, somebody(dice, play, officer), code, batch)
        case "phase":
            from_on, to_on = book.phase.from_on or today, book.phase.to_on
            if one_in(dice, 2):
                to_on = around(
                    dice, play, to_on, max(one.closes_on for one in book.batches.values())
                )
            if one_in(dice, 3):
                from_on = around(dice, play, from_on, book.phase.prepared)
            office_acts.move_phase(play, somebody(dice, play, leader), from_on, to_on)
        case "target":
            code = pick(dice, "first", "all", "nowhere")
            known = book.targets.get(code)
            freeze_on = known.freeze_on if known else None
            due_on = around(dice, play, known.due_on if known else today, freeze_on)
            office_acts.move_target(play, somebody(dice, play, leader), code, due_on)
