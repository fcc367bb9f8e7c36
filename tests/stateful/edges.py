"""The edges of the rules, gone to on purpose: what is just allowed, and what is just not."""

from random import Random

from tests.stateful import case_acts, office_acts, table
from tests.stateful.case import Case
from tests.stateful.dice import pick
from tests.stateful.dossier import Dossier, Plan
from tests.stateful.play import CHIEF, OFFICER, Play
from tests.stateful.walk import Mood, worth
from tests.stateful.world import CITY, DISTRICT, By


def commit(play: Play, dossier: Dossier) -> None:
    """To the first target, as far as that may still be."""
    head = By("h1", "head", dossier.township.office, play.world.today)
    plan = Plan("first", None, play.world.told.targets["first"].due_on)
    office_acts.file(play, head, dossier, plan, dossier.plan is not None)


def leave(play: Play, dossier: Dossier) -> None:
    """The target that one is committed to, without anybody's consent."""
    head = By("h1", "head", dossier.township.office, play.world.today)
    target = "all" if dossier.plan and dossier.plan.target == "first" else "first"
    plan = Plan(target, None, play.world.told.targets[target].due_on)
    office_acts.file(play, head, dossier, plan, True)


def open_again(play: Play, dossier: Dossier) -> None:
    """A gap that held the office back holds it back once more, until it is closed."""
    clerk = By("c1", "clerk", dossier.township.office, play.world.today)
    head = By("h1", "head", dossier.township.office, play.world.today)
    if not any(one.blocking and one.status == "done" for one in dossier.gaps):
        office_acts.find(play, clerk, dossier, ["DA-1"], True)
        office_acts.learn(play, dossier)
        opened = [one for one in dossier.gaps if one.blocking and one.status == "open"]
        for gap in opened:
            office_acts.mend(play, clerk, dossier, gap, "completion")
    done = [one for one in dossier.gaps if one.blocking and one.status == "done"]
    if done:
        office_acts.learn(play, dossier)
        office_acts.mend(play, clerk, dossier, done[-1], "reopening")
        office_acts.apply(play, head, dossier, None)


def veto_and_pass(play: Play, case: Case, dice: Random) -> None:
    """A veto comes to light after all was agreed: nobody passes over it, whatever the score."""
    today = play.world.today
    officer = By(OFFICER, "officer", DISTRICT, today)
    case_acts.veto(play, officer, case, pick(dice, *table.VETOES), today)
    if case.stage in ("recommended", "city-marked"):
        city = By("city-1", "city", CITY, today)
        case_acts.decide(play, city, case, "pass", city=True)
    else:
        case_acts.decide(play, By(CHIEF, "leader", DISTRICT, today), case, "pass")


def mark_anew(play: Play, case: Case, dice: Random) -> None:
    """Members think again, each about what is theirs: only what they said last counts."""
    for officer, seat in list(case.seats.items()):
        mood = Mood(pick(dice, "best", "good", "poor"), claim=pick(dice, True, False))
        given = worth(dict(case.lines), mood)
        own = {code: given[code] for code in table.ordinary(case.lines, *seat.categories)}
        case_acts.mark(play, By(officer, "member", DISTRICT, play.world.today), case, own)


def pay_all_and_more(play: Play, case: Case) -> None:
    """A fen more than was granted is too much; what was granted is not."""
    chief = By(CHIEF, "leader", DISTRICT, play.world.today)
    for reward in case.rewards:
        left = reward.amount_fen - reward.paid_fen
        case_acts.pay(play, chief, case, reward, left + 1)
        case_acts.pay(play, chief, case, reward, left)
        case_acts.cancel(play, chief, case, reward)
