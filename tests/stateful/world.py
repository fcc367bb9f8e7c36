"""What a small programme is, as its documents have it: days, tables, and who may speak.

The model is written from the documents of the domain alone; it imports nothing of any service.
Each act of it answers the codes of all reasons for which it must be refused, in no order: none
means that it is taken, and then what it says is in the stream at once.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

from tests.stateful.table import Line, version

DISTRICT, CITY = "district", "city"
TOO_EARLY = "effective-day-too-early"


@dataclass(frozen=True, slots=True)
class By:
    """Who acts, in which role and for whom, on which day.

    `reasoned` says why it comes late; `paper` is that of a city: number and scan. `stale` names
    a version that has passed, `blind` none; `dry` only asks.
    """

    officer: str
    role: str
    organisation: str
    on: date
    reasoned: bool = False
    paper: bool = True
    stale: bool = False
    blind: bool = False
    dry: bool = False


@dataclass(frozen=True, slots=True)
class Said:
    """An event: its name, its day, and what a follower needs of it."""

    name: str
    on: date
    what: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Township:
    """Who takes part."""

    code: str
    office: str
    government: str


@dataclass(frozen=True, slots=True)
class Phase:
    """The stretch in which offices may apply; the one before it ends on `prepared`."""

    from_on: date | None
    to_on: date
    prepared: date

    def holds(self, day: date) -> bool:
        return (self.from_on is None or self.from_on <= day) and day <= self.to_on


@dataclass(frozen=True, slots=True)
class Target:
    due_on: date
    freeze_on: date | None = None


@dataclass(frozen=True, slots=True)
class Batch:
    opens_on: date
    closes_on: date
    target: str


@dataclass(frozen=True, slots=True)
class Rulebook:
    """What a programme says; each side knows the one it has heard of."""

    phase: Phase
    targets: Mapping[str, Target]
    batches: Mapping[str, Batch]
    in_force: tuple[date, ...]
    """From which day each version of the table is in force."""

    def version_on(self, day: date) -> int | None:
        found = [number for number, since in enumerate(self.in_force, 1) if since <= day]
        return max(found, default=None)

    def lines_on(self, day: date) -> Mapping[str, Line]:
        return version(self.version_on(day) or 1)


class World:
    """The programme with its streams, the clock, and how far submission has heard of it."""

    def __init__(self, code: str, base: date) -> None:
        self.code, self.base, self.today = code, base, base
        self.townships = tuple(
            Township(f"t{number}", f"office-{number}", f"gov-{number}") for number in (1, 2)
        )
        self.books = [
            Rulebook(
                phase=Phase(self.day(31), self.day(250), self.day(30)),
                targets={
                    "first": Target(self.day(200), self.day(100)),
                    "all": Target(self.day(330)),
                },
                batches={
                    "b1": Batch(self.day(31), self.day(120), "first"),
                    "b2": Batch(self.day(60), self.day(240), "all"),
                },
                in_force=(base,),
            )
        ]
        """One for every event; those of the opening are told as one."""
        self.opening = 0
        self.heard = 0
        self.programme: list[Said] = []
        self.moved: dict[str, date] = {}
        self.plaques: set[str] = set()

    def day(self, number: int) -> date:
        return self.base + timedelta(number)

    @property
    def book(self) -> Rulebook:
        """As the review service has it, whose programme it is."""
        return self.books[-1]

    @property
    def told(self) -> Rulebook:
        """As submission has it."""
        return self.books[max(0, self.heard - self.opening)]

    def opened(self, names: list[str]) -> None:
        """All that the opening said at once."""
        self.opening = len(names)
        self.programme = [Said(name, self.base) for name in names]

    def settle(
        self,
        by: By,
        why: set[str],
        stream: list[Said],
        said: Callable[[], list[Said]],
        *,
        noop: bool = False,
    ) -> set[str]:
        """What happens in the end: nothing of it where there is a reason, or nothing new."""
        if by.blind:
            why = why | {"if-match-required"}
        elif by.stale:
            why = why | {"version-mismatch"}
        if not noop:
            why = why | self.days(by)
        if not why and not noop and not by.dry:
            stream += said()
        return why

    def days(self, by: By) -> set[str]:
        """Nothing happens tomorrow, and what is told late says why."""
        if by.on > self.today:
            return {"effective-day-in-future"}
        return {"backdated-reason-missing"} if by.on < self.today and not by.reasoned else set()

    def publish(self, by: By, number: int, in_force_on: date) -> set[str]:
        """The table `number` as the next version; the last one once more is nothing new."""
        why = rights(by, {"leader": DISTRICT}) | self._since(by, "standard")
        last = self.book.in_force
        if in_force_on < max(self.today + timedelta(1), last[-1]):
            why.add("in-force-too-early")

        def said() -> list[Said]:
            self.moved["standard"] = by.on
            return self._turn(by, "standard-published", in_force=(*last, in_force_on))

        same = number % 2 == len(last) % 2
        return self.settle(by, why, self.programme, said, noop=same)

    def announce(self, by: By, code: str, batch: Batch) -> set[str]:
        why = rights(by, {"officer": DISTRICT}) | self._since(by, "")
        if code in self.book.batches:
            why.add("duplicate-code")
        if batch.target not in self.book.targets:
            why.add("unknown-target")
        if batch.closes_on < batch.opens_on:
            why.add("days-reversed")
        why |= _outside([batch], self.book.phase)
        batches = {**self.book.batches, code: batch}
        return self.settle(
            by, why, self.programme, lambda: self._turn(by, "batch-announced", batches=batches)
        )

    def move_phase(self, by: By, from_on: date, to_on: date) -> set[str]:
        """Other days for the phase of applications."""
        why = rights(by, {"leader": DISTRICT}) | self._since(by, "phase")
        old, new = self.book.phase, replace(self.book.phase, from_on=from_on, to_on=to_on)
        if new == old:
            return self.settle(by, why, self.programme, list, noop=True)
        if to_on < from_on:
            why.add("days-reversed")
        if from_on <= old.prepared:
            why.add("phases-overlap")
        if to_on <= old.prepared:
            why.add("phases-reordered")
        began = old.from_on or self.base
        if began <= self.today and not (new.holds(began) and new.holds(min(old.to_on, self.today))):
            why.add("phase-day-passed")
        if any(one.due_on < from_on for one in self.book.targets.values()):
            why.add("target-before-phases")
        why |= _outside(self.book.batches.values(), new)

        def said() -> list[Said]:
            self.moved["phase"] = by.on
            return self._turn(by, "phase-rescheduled", phase=new)

        return self.settle(by, why, self.programme, said)

    def move_target(self, by: By, code: str, due_on: date) -> set[str]:
        why = rights(by, {"leader": DISTRICT}) | self._since(by, code)
        target = self.book.targets.get(code)
        if target is None:
            return why | {"unknown-target"}
        if target.due_on == due_on:
            return self.settle(by, why, self.programme, list, noop=True)
        if self.today > target.due_on:
            why.add("target-settled")
        if due_on < self.today:
            why.add("due-day-passed")
        if due_on < (self.book.phase.from_on or self.base):
            why.add("target-before-phases")
        if target.freeze_on and target.freeze_on > due_on:
            why.add("freeze-after-due")
        targets = {**self.book.targets, code: replace(target, due_on=due_on)}

        def said() -> list[Said]:
            self.moved[code] = by.on
            return self._turn(by, "target-rescheduled", targets=targets)

        return self.settle(by, why, self.programme, said)

    def _since(self, by: By, part: str) -> set[str]:
        return {TOO_EARLY} if by.on < self.moved.get(part, self.base) else set()

    def _turn(self, by: By, name: str, **changes: Any) -> list[Said]:
        self.books.append(replace(self.book, **changes))
        return [Said(name, by.on)]


def rights(by: By, sides: Mapping[str, str]) -> set[str]:
    """Whether this role may at all, and for whom it is held."""
    if by.role not in sides:
        return {"role-not-allowed"}
    whose = sides[by.role]
    return {"other-organisation"} if whose not in ("", by.organisation) else set()


def working_days_after(day: date, term: int) -> date:
    """The last day of a term in working days, where no holiday is known."""
    while term:
        day += timedelta(1)
        term -= day.weekday() < 5
    return day


def _outside(batches: Any, phase: Phase) -> set[str]:
    days = [day for one in batches for day in (one.opens_on, one.closes_on)]
    return set() if all(phase.holds(day) for day in days) else {"batch-outside-phase"}
