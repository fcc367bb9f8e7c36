"""The model of a dossier: what one township's office does, and what it hears of its cases."""

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date

from tests.stateful import table
from tests.stateful.table import Given
from tests.stateful.world import DISTRICT, TOO_EARLY, By, Said, Township, World, rights


@dataclass(frozen=True, slots=True)
class Plan:
    """What the office is committed to."""

    target: str
    batch: str | None
    reach_on: date


@dataclass(frozen=True, slots=True)
class Assessment:
    on: date
    kind: str
    version: int
    given: Given
    facts: frozenset[str]
    complete: bool

    @property
    def counts(self) -> bool:
        return self.complete and self.kind != "gap"


@dataclass(slots=True)
class Gap:
    """A deficiency; `name` is what the service calls it, once that was read."""

    item: str
    found_by: str
    blocking: bool
    gap_cp: int
    touched_on: date
    status: str = "open"
    remedy: tuple[date, int] | None = None
    name: str = ""


@dataclass(slots=True)
class Asking:
    name: str
    on: date
    amount_fen: int
    answer: tuple[object, ...] | None = None
    answered_on: date | None = None


@dataclass(slots=True)
class Application:
    name: str
    round: int
    on: date
    target: str
    batch: str | None
    version: int
    given: Given
    facts: frozenset[str]
    withdrawal: str | None = None
    returned: bool = False
    outcome: str | None = None
    closed_on: date | None = None
    again_on: date | None = None


@dataclass(slots=True)
class Dossier:
    """One township's."""

    world: World
    township: Township
    stream: list[Said] = field(default_factory=list)
    plan: Plan | None = None
    planned_on: date | None = None
    assessments: list[Assessment] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    askings: list[Asking] = field(default_factory=list)
    applications: list[Application] = field(default_factory=list)
    set_back_on: date | None = None

    @property
    def scored(self) -> Assessment | None:
        """The last that an application may rest on."""
        return next((one for one in reversed(self.assessments) if one.counts), None)

    @property
    def under_review(self) -> Application | None:
        last = self.applications[-1] if self.applications else None
        return last if last and last.outcome is None else None

    def file(
        self, by: By, plan: Plan, revising: bool, consent: tuple[str, bool, date] | None
    ) -> set[str]:
        """`consent` is of which organisation, with a number or not, of which day."""
        why = self._may(by, head=True)
        old, book = self.plan, self.world.told
        if not revising and old is not None:
            noop = old == plan
            return self._settle(by, why | (set() if noop else {"plan-already-filed"}), noop=noop)
        if revising and old is None:
            return why | {"plan-missing"}
        if old == plan:
            return self._settle(by, why, noop=True)
        why |= self._not_before(by, self.planned_on)
        target, batch = book.targets.get(plan.target), book.batches.get(plan.batch or "")
        if target is None:
            why.add("unknown-target")
        else:
            why |= {"target-already-due"} if by.on > target.due_on else set()
            why |= {"reach-after-target"} if plan.reach_on > target.due_on else set()
        if plan.reach_on < by.on:
            why.add("reach-day-passed")
        if plan.batch and batch is None:
            why.add("unknown-batch")
        if batch and batch.target != plan.target:
            why.add("batch-of-another-target")
        if old is not None and consent is not None:
            organisation, numbered, issued_on = consent
            why |= {"consent-not-of-district"} if organisation != DISTRICT else set()
            why |= set() if numbered else {"consent-without-number"}
            why |= self._not_before(by, issued_on)
        elif old is not None and plan.target != old.target:
            left = book.targets[old.target]
            if by.on > (left.freeze_on or left.due_on):
                why.add("target-frozen")

        def said() -> list[Said]:
            self.plan, self.planned_on = plan, by.on
            return [Said("plan-revised" if old else "plan-filed", by.on)]

        return self.world.settle(by, why, self.stream, said)

    def assess(
        self, by: By, kind: str, given: Given, facts: Collection[str], version: int | None
    ) -> set[str]:
        why = self._may(by)
        in_force = self.world.told.version_on(by.on)
        if in_force is None:
            return why | {"no-standard-in-force"}
        lines = table.version(in_force)
        if self.assessments:
            why |= self._not_before(by, self.assessments[-1].on)
        if version not in (None, in_force):
            why.add("standard-not-in-force")
        why |= table.faults(lines, given, complete=kind != "gap")
        why |= set() if set(facts) <= set(table.FACTS) else {"unknown-fact"}

        def said() -> list[Said]:
            complete = all(code in given for code in table.ordinary(lines))
            made = Assessment(by.on, kind, in_force, dict(given), frozenset(facts), complete)
            self.assessments.append(made)
            if self.set_back_on and made.counts and by.on >= self.set_back_on:
                self.set_back_on = None
            return [Said("self-assessment-recorded", by.on)]

        return self.world.settle(by, why, self.stream, said)

    def find(self, by: By, items: Collection[str], blocking: bool) -> set[str]:
        """An item that is open already is not noted twice."""
        why = self._may(by)
        in_force = self.world.told.version_on(by.on)
        if in_force is None:
            return why | {"no-standard-in-force"}
        lines = table.version(in_force)
        if any(item not in lines for item in items):
            return why | {"unknown-item"}
        open_ = {one.item for one in self.gaps if one.status == "open"}
        fresh = [item for item in dict.fromkeys(items) if item not in open_]

        def said() -> list[Said]:
            last = self.assessments[-1] if self.assessments else None
            for item in fresh:
                size = lines[item].max_cp
                if last and item in last.given:
                    # By the table that it was scored under; what does not apply lacks nothing.
                    mark, most = last.given[item], table.version(last.version)[item].max_cp
                    size = 0 if mark is None else most - mark
                self.gaps.append(Gap(item, "self", blocking, size, by.on))
            return [Said("deficiency-found", by.on) for _ in fresh]

        return self.world.settle(by, why, self.stream, said, noop=not fresh)

    def remedy(self, by: By, gap: Gap | None, due_on: date, gain_cp: int) -> set[str]:
        why = self._may(by)
        if gap is None:
            return why | {"unknown-deficiency"}
        if gap.status != "open":
            return why | {"deficiency-not-open"}
        if gap.remedy == (due_on, gain_cp):
            return self._settle(by, why, noop=True)
        why |= self._not_before(by, gap.touched_on)
        why |= {"due-day-passed"} if due_on < by.on else set()
        why |= {"gain-over-gap"} if gain_cp > gap.gap_cp else set()

        def said() -> list[Said]:
            gap.remedy, gap.touched_on = (due_on, gain_cp), by.on
            return [Said("rectification-planned", by.on)]

        return self.world.settle(by, why, self.stream, said)

    def mend(self, by: By, gap: Gap | None, act: str) -> set[str]:
        """`completion`, `reopening` or `withdrawal`: what was done twice is done once."""
        correcting = act != "completion"
        why = self._may(by, correcting=correcting)
        if gap is None:
            return why | {"unknown-deficiency"}
        after, name = {
            "completion": ("done", "rectification-completed"),
            "reopening": ("open", "deficiency-reopened"),
            "withdrawal": ("withdrawn", "deficiency-withdrawn"),
        }[act]
        if gap.status == after:
            return self._settle(by, why, noop=True)
        if act == "reopening" and gap.status == "withdrawn":
            why.add("deficiency-withdrawn")
        elif act != "reopening" and gap.status != "open":
            why.add("deficiency-not-open")
        if act == "withdrawal" and gap.found_by != "self" and by.role == "clerk":
            why.add("deficiency-found-by-inspectors")
        why |= self._not_before(by, gap.touched_on)

        def said() -> list[Said]:
            gap.status, gap.touched_on = after, by.on
            gap.remedy = None if act == "reopening" else gap.remedy
            return [Said(name, by.on)]

        return self.world.settle(by, why, self.stream, said)

    def withdraw(self, by: By, application: Application | None, reason: str) -> set[str]:
        why = self._may(by, head=True)
        if application is None:
            return why | {"unknown-application"}
        if application.withdrawal == reason:
            return self._settle(by, why, noop=True)
        if application.outcome is not None:
            why.add("application-not-open")
        why |= self._not_before(by, application.on)

        def said() -> list[Said]:
            application.withdrawal = reason
            return [Said("withdrawal-requested", by.on, {"round": application.round})]

        return self.world.settle(by, why, self.stream, said)

    def _may(self, by: By, *, head: bool = False, correcting: bool = False) -> set[str]:
        office = self.township.office
        sides = {"head": office} if head else {"clerk": office}
        if correcting:
            sides["officer"] = DISTRICT
        return rights(by, sides) | self.enrolled(by)

    def enrolled(self, by: By) -> set[str]:
        return {"township-not-enrolled"} if by.on < self.world.base else set()

    @staticmethod
    def _not_before(by: By, day: date | None) -> set[str]:
        return {TOO_EARLY} if day is not None and by.on < day else set()

    def _settle(self, by: By, why: set[str], *, noop: bool = False) -> set[str]:
        return self.world.settle(by, why, self.stream, list, noop=noop)
