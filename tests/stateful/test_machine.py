"""Submission and review against a small model of their own, driven by whatever may happen.

`FUYAN_STATEFUL_EXAMPLES=500` plays as many games, each time others.
"""

import os
import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, seed, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from deploy.local.postgres import Databases
from tests.stateful import case_moves, edges, office_acts, office_moves, seen
from tests.stateful.case import Case
from tests.stateful.dice import some_case
from tests.stateful.driver import Services
from tests.stateful.play import CHIEF, Play
from tests.stateful.walk import Mood, walk
from tests.stateful.world import DISTRICT, By

EXAMPLES = int(os.environ.get("FUYAN_STATEFUL_EXAMPLES", "0"))
GAMES, STEPS, TRIES, LAST_DAY = 16, 36, 3, 345
# What no run may go without, be it taken or refused.
OFTEN = {"apply", "assess", "revise", "completion", "reopening", "appoint", "hold", "mark", "agree"}
OFTEN |= {"veto", "pass", "return", "fail", "recommend", "city-pass", "award", "pay", "publish"}
# A case upon which somebody could decide.
AGREED = (("appointed", False), ("city-marked", False))
THROWS = st.integers(0, 2**20)
COMMANDS_AT_LEAST = 2000
TOWNSHIPS = st.sampled_from(("t1", "t2"))
MOODS = st.builds(
    Mood,
    quality=st.sampled_from(("best", "best", "good", "good", "poor")),
    district=st.sampled_from(("pass", "pass", "pass", "return", "fail")),
    city=st.sampled_from(("pass", "pass", "pass", "pass", "send-back", "return", "fail")),
    claim=st.booleans(),
    granularity=st.sampled_from(("item", "category", "total")),
    allowed=st.booleans(),
)


class Machine(RuleBasedStateMachine):
    """One programme; whatever is drawn is done on both sides."""

    def __init__(self, services: Services, counted: Counter[tuple[str, str]]) -> None:
        super().__init__()
        self.play = Play(services, counted)

    def teardown(self) -> None:
        if self.play.sound:
            seen.whole_record(self.play)

    def dice(self, throw: int) -> Random:
        """Thrown anew at each move: what is drawn in the small is alike all too often."""
        return Random(f"{throw}/{self.play.commands}")

    def try_(self, throw: int, move: Callable[[Random], None]) -> None:
        for number in range(TRIES):
            move(self.dice(throw + number))

    def try_case(self, throw: int, move: Callable[[Random, Play, Case], None]) -> None:
        case = some_case(self.dice(throw), self.play)
        self.try_(throw, lambda dice: move(dice, self.play, case))

    def later(self, days: int) -> None:
        world = self.play.world
        world.today = min(world.today + timedelta(days), world.day(LAST_DAY))
        self.play.services.today(world.today)

    @rule(township=TOWNSHIPS, mood=MOODS, steps=st.integers(1, 9), heard=st.booleans())
    def go_on(self, township: str, mood: Mood, steps: int, heard: bool) -> None:
        """The next legal steps of a township, with the news that they wait for, or without."""
        for _ in range(steps):
            if not walk(self.play, self.play.dossiers[township], mood) or heard:
                self.play.carry_all()

    @rule(township=TOWNSHIPS, mood=MOODS, days=st.integers(0, 3))
    def go_far(self, township: str, mood: Mood, days: int) -> None:
        """As far as it goes today, and a little later once more."""
        world = self.play.world
        if world.today < world.day(31):
            self.later(31)
        for _ in range(14):
            walk(self.play, self.play.dossiers[township], mood)
            self.play.carry_all()
        self.later(days)

    @initialize(mood=MOODS, days=st.sampled_from((0, 31, 45)))
    def begin(self, mood: Mood, days: int) -> None:
        """Most games begin with an office that has applied already."""
        self.later(days)
        for _ in range(4):
            walk(self.play, self.play.dossiers["t1"], mood)

    @rule(days=st.sampled_from((1, 2, 5, 9, 20, 40)))
    def time_passes(self, days: int) -> None:
        self.later(days)

    @rule(
        to=st.sampled_from(("window", "freeze", "due", "closes", "closed")), by=st.integers(-1, 1)
    )
    def a_day_comes_that_matters(self, to: str, by: int) -> None:
        """The days around those on which something opens, freezes, falls due or ends."""
        world = self.play.world
        days: dict[str, date | None] = {
            "window": world.book.phase.from_on,
            "freeze": world.book.targets["first"].freeze_on,
            "due": world.book.targets["first"].due_on,
            "closes": world.book.batches["b1"].closes_on,
            "closed": world.book.phase.to_on,
        }
        if (day := days[to]) is not None:
            self.later(max(0, (day - world.today).days + by))

    @rule(township=TOWNSHIPS)
    def news_comes_too_late(self, township: str) -> None:
        """The office applies by the table that it knows, while another is in force already."""
        world = self.play.world
        self.play.carry_all()
        in_force_on = max(world.today + timedelta(1), world.book.in_force[-1])
        chief = By(CHIEF, "leader", DISTRICT, world.today)
        office_acts.publish(self.play, chief, len(world.book.in_force) + 1, in_force_on)
        self.later((in_force_on - world.today).days)
        for _ in range(3):
            walk(self.play, self.play.dossiers[township], Mood())
        self.play.carry_all()

    @precondition(lambda self: self.play.services.waiting)
    @rule(throw=THROWS, count=st.integers(1, 4), twice=st.booleans())
    def news_arrives(self, throw: int, count: int, twice: bool) -> None:
        """Of one stream or another, in its own order; between them there is none."""
        for _ in range(count):
            if waiting := sorted(self.play.services.waiting):
                self.play.carry(self.dice(throw).choice(waiting), twice=twice)

    @rule(throw=THROWS, township=TOWNSHIPS)
    def an_office_tries(self, throw: int, township: str) -> None:
        self.try_(
            throw, lambda dice: office_moves.office(dice, self.play, self.play.dossiers[township])
        )

    @rule(throw=THROWS, township=TOWNSHIPS)
    def an_office_mends(self, throw: int, township: str) -> None:
        self.try_(
            throw, lambda dice: office_moves.mending(dice, self.play, self.play.dossiers[township])
        )

    @rule(throw=THROWS)
    def the_programme_changes(self, throw: int) -> None:
        office_moves.programme(self.dice(throw), self.play)

    @precondition(lambda self: self.play.cases)
    @rule(throw=THROWS)
    def a_team_tries(self, throw: int) -> None:
        self.try_case(throw, case_moves.team)

    @precondition(lambda self: self.play.cases)
    @rule(throw=THROWS)
    def somebody_decides(self, throw: int) -> None:
        self.try_case(throw, case_moves.deciding)

    @precondition(lambda self: self.play.cases)
    @rule(throw=THROWS)
    def titles_and_money(self, throw: int) -> None:
        self.try_case(throw, case_moves.titles_and_money)

    @precondition(lambda self: any(one.title for one in self.play.cases.values()))
    @rule(throw=THROWS)
    def much_follows_a_title(self, throw: int) -> None:
        titled = [one for one in self.play.cases.values() if one.title]
        case = self.dice(throw).choice(titled)
        for _ in range(3):
            self.try_(throw, lambda dice: case_moves.titles_and_money(dice, self.play, case))

    @rule(township=TOWNSHIPS, by=st.integers(0, 1))
    def an_office_leaves_its_target_about_the_day_it_freezes(self, township: str, by: int) -> None:
        world, dossier = self.play.world, self.play.dossiers[township]
        edges.commit(self.play, dossier)
        if (frozen := world.told.targets["first"].freeze_on) is not None:
            self.later(max(0, (frozen - world.today).days + by))
        edges.leave(self.play, dossier)

    @rule(township=TOWNSHIPS)
    def a_gap_opens_again_before_the_office_applies(self, township: str) -> None:
        edges.open_again(self.play, self.play.dossiers[township])

    @precondition(lambda self: self.play.cases)
    @rule(throw=THROWS, township=TOWNSHIPS, mood=MOODS)
    def a_veto_comes_to_light_after_all_was_agreed(
        self, throw: int, township: str, mood: Mood
    ) -> None:
        """Taken on until it could be passed."""
        case = self.taken_on(township, mood)
        if case is not None:
            edges.veto_and_pass(self.play, case, self.dice(throw))
            seen.buttons_of_case(self.play, case)

    @precondition(lambda self: self.play.cases)
    @rule(throw=THROWS, township=TOWNSHIPS, mood=MOODS)
    def members_think_again(self, throw: int, township: str, mood: Mood) -> None:
        case = self.taken_on(township, mood)
        if case is not None:
            edges.mark_anew(self.play, case, self.dice(throw))
            walk(self.play, self.play.dossiers[township], mood)
            seen.buttons_of_case(self.play, case)

    def taken_on(self, township: str, mood: Mood) -> Case | None:
        """The case of a township, led to where it is agreed upon, or was marked by the city."""
        self.play.carry_all()
        for _ in range(12):
            case = self.play.current(township)
            if case and (
                (case.agreed and case.stage == "appointed") or case.stage == "city-marked"
            ):
                return case
            walk(self.play, self.play.dossiers[township], mood)
            self.play.carry_all()
        return None

    @precondition(lambda self: any(one.rewards for one in self.play.cases.values()))
    @rule()
    def all_is_paid_and_more(self) -> None:
        for case in self.play.cases.values():
            edges.pay_all_and_more(self.play, case)

    @precondition(lambda self: self.play.kept)
    @rule(throw=THROWS, other=st.booleans())
    def a_command_comes_again(self, throw: int, other: bool) -> None:
        """Whenever that is: the same answer; under the same key something else gets none."""
        kept = self.dice(throw).choice(self.play.kept[-30:])
        paper = {**(kept.body.get("document") or {"title": "另件"}), "title": "另一份"}
        self.play.again(kept, {**kept.body, "document": paper} if other else None)

    @rule(township=TOWNSHIPS)
    def somebody_looks_at_a_dossier(self, township: str) -> None:
        seen.buttons_of_dossier(self.play, self.play.dossiers[township])

    @precondition(lambda self: self.play.cases)
    @rule(throw=THROWS)
    def somebody_looks_at_a_case(self, throw: int) -> None:
        seen.buttons_of_case(self.play, some_case(self.dice(throw), self.play))


@pytest.mark.timeout(600 + 20 * EXAMPLES)  # a shorter game that fails takes long to find
def test_whatever_happens_both_services_do_as_the_model(
    postgres: Databases, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    counted: Counter[tuple[str, str]] = Counter()
    services = Services(postgres, tmp_path / "clock")
    services.start()
    try:
        for number in seeds():
            play_one(services, counted, number)
    finally:
        services.stop()
        with capsys.disabled():
            print(statistic(counted))
    assert_enough(counted)


def seeds() -> Iterable[int]:
    """The same ones each time, or as many others as were asked for."""
    return (secrets.randbelow(2**32) for _ in range(EXAMPLES)) if EXAMPLES else range(GAMES)


def play_one(services: Services, counted: Counter[tuple[str, str]], number: int) -> None:
    """One game by its seed; where it fails, a shorter one that fails too is looked for.

    Hypothesis makes further games by changing a little of earlier ones: a seed for each makes
    them as different as they can be. The simplest game of all always comes first.
    """
    machine = seed(number)(lambda: Machine(services, counted))
    try:
        run_state_machine_as_test(
            machine,  # type: ignore[arg-type]  # whatever makes a machine will do
            settings=settings(
                max_examples=2,
                stateful_step_count=STEPS,
                database=None,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
    except BaseException as error:
        error.add_note(f"the seed was {number}")
        raise


def statistic(counted: Counter[tuple[str, str]]) -> str:
    """How often each kind was taken, and refused by which codes."""
    lines = []
    for kind in sorted({kind for kind, _ in counted}):
        codes = {code: times for (of, code), times in counted.items() if of == kind}
        told = ", ".join(f"{code} {times}" for code, times in sorted(codes.items()))
        lines.append(f"  {kind}: {told}")
    return "\n".join(["", *lines])


def assert_enough(counted: Counter[tuple[str, str]]) -> None:
    """It would prove little if nothing ever came to its end."""
    shown = {"round", "case", "button"}
    commands = {key: times for key, times in counted.items() if key[0] not in shown}
    assert sum(commands.values()) >= COMMANDS_AT_LEAST
    taken = {kind for kind, code in commands if code == "accepted"}
    assert taken >= OFTEN, f"never taken: {OFTEN - taken}"
    refused = {kind for kind, code in commands if code != "accepted"}
    assert refused >= OFTEN, f"never refused: {OFTEN - refused}"
    assert len({code for _, code in commands}) >= 60
    assert counted["round", "2"] >= 10
    assert counted["award", "accepted"] >= 5
    assert counted["case", "rejected"] >= 2
