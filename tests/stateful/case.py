"""The model of a case: what district and team make of one application."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from tests.stateful import table
from tests.stateful.dossier import Application
from tests.stateful.table import Given, Line, Sum
from tests.stateful.world import (
    CITY,
    DISTRICT,
    TOO_EARLY,
    By,
    Said,
    Township,
    World,
    rights,
)

REAPPLY_WD, TEAM_AT_LEAST = 5, 3


@dataclass(frozen=True, slots=True)
class Seat:
    officer: str
    leads: bool
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Post:
    """Where somebody serves, and from when to when."""

    organisation: str
    from_on: date
    to_on: date | None = None


Directory = Mapping[str, Sequence[Post]]


@dataclass(slots=True)
class Title:
    """`stated` are the days on which a value of it was put right last."""

    title: str
    number: str
    until_on: date | None
    awarded_on: date
    borne: list[str]
    stated: dict[str, date] = field(default_factory=dict)
    revoked_on: date | None = None
    replaced: bool = False


@dataclass(slots=True)
class Reward:
    name: str
    fund: str
    basis: str
    amount_fen: int
    granted_on: date
    paid_fen: int = 0
    paid_on: date | None = None
    cancelled: bool = False


@dataclass(slots=True)
class Case:
    """The review of one round."""

    world: World
    township: Township
    directory: Directory
    application: Application
    stream: list[Said] = field(default_factory=list)
    stage: str = "none"
    since: date = date.min
    seats: dict[str, Seat] = field(default_factory=dict)
    min_markers: int = 1
    aside: set[str] = field(default_factory=set)
    visits: dict[str, tuple[str, date]] = field(default_factory=dict)
    held: dict[str, date] = field(default_factory=dict)
    markings: dict[tuple[str, str], dict[str, int | None]] = field(default_factory=dict)
    markers: set[str] = field(default_factory=set)
    agreed: Sum | None = None
    agreement: tuple[Any, ...] | None = None
    agreed_marks: Mapping[str, int] = field(default_factory=dict)
    spread: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """The lowest and the highest mark of each item that counted when the team agreed."""
    away: frozenset[str] = frozenset()
    vetoes: set[str] = field(default_factory=set)
    proposed: str | None = None
    letter_on: date | None = None
    city: Sum | None = None
    city_marks: Mapping[str, int] = field(default_factory=dict)
    city_title: str | None = None
    title: Title | None = None
    rewards: list[Reward] = field(default_factory=list)
    outcome: str | None = None
    again_on: date | None = None

    @property
    def lines(self) -> Mapping[str, Line]:
        """The table the application is pinned to."""
        return table.version(self.application.version)

    @property
    def leader(self) -> str | None:
        return next((one.officer for one in self.seats.values() if one.leads), None)

    def at(self, *stages: str) -> set[str]:
        """Acts come in order, and none after the end."""
        if self.stage in ("none", "rejected"):
            return {"case-unknown"}
        if self.stage == "closed":
            return {"case-closed"}
        return set() if self.stage in stages else {"wrong-stage"}

    def early(self, by: By, since: date | None = None) -> set[str]:
        return {TOO_EARLY} if by.on < (since or self.since) else set()

    def turn(self, stage: str, on: date, name: str, **what: Any) -> Said:
        self.stage, self.since = stage, on
        return Said(name, on, what)

    def close(self, on: date, outcome: str, again_on: date | None = None) -> Said:
        self.outcome, self.again_on = outcome, again_on
        return self.turn("closed", on, "closed", outcome=outcome, again_on=again_on)

    def posted(self, officer: str, on: date) -> str | None:
        return next(
            (
                one.organisation
                for one in self.directory.get(officer, ())
                if one.from_on <= on and (one.to_on is None or on <= one.to_on)
            ),
            None,
        )

    def insider(self, officer: str, on: date) -> bool:
        """Whether somebody served in the office on any day from the application on."""
        return any(
            one.organisation == self.township.office
            and max(one.from_on, self.application.on) <= min(one.to_on or on, on)
            for one in self.directory.get(officer, ())
        )

    def appoint(self, by: By, seats: Sequence[Seat], min_markers: int) -> set[str]:
        """The team, or the next one."""
        why = rights(by, {"officer": DISTRICT}) | self.at("opened", "appointed") | self.early(by)
        names = [one.officer for one in seats]
        why |= self._fit(by, seats, min_markers, self.aside, fresh=names)

        def said() -> list[Said]:
            self._seat(seats, min_markers)
            return [self.turn("appointed", by.on, "team-appointed")]

        return self.world.settle(by, why, self.stream, said)

    def step_down(self, by: By) -> set[str]:
        why = rights(by, {"member": ""}) | self.at("appointed") | self.early(by)
        why |= set() if by.officer in self.seats else {"not-on-team"}

        def said() -> list[Said]:
            del self.seats[by.officer]
            self.aside.add(by.officer)
            self.agreed = None
            return [self.turn("appointed", by.on, "member-recused")]

        return self.world.settle(by, why, self.stream, said)

    def replace(self, by: By, leaving: str, follower: str | None) -> set[str]:
        """An officer of the district puts another in a member's seat."""
        why = rights(by, {"officer": DISTRICT}) | self.at("appointed") | self.early(by)
        if follower is None:
            return why | {"replacement-missing"}
        if leaving not in self.seats:
            return why | {"not-on-team"}
        seats = [
            Seat(follower if one == leaving else one, seat.leads, seat.categories)
            for one, seat in self.seats.items()
        ]
        aside = self.aside | {leaving}
        why |= self._fit(by, seats, self.min_markers, aside, fresh=[follower])

        def said() -> list[Said]:
            self.aside = aside
            self._seat(seats, self.min_markers)
            turn = self.turn("appointed", by.on, "team-appointed")
            return [Said("member-recused", by.on), turn]

        return self.world.settle(by, why, self.stream, said)

    def schedule(self, by: By, level: str, *, backwards: bool, replaces: str | None) -> set[str]:
        """The service names the visit: the caller puts that name in place of the empty one."""
        if level == "city":
            why = of_city(by) | self.at("recommended", "city-marked")
        else:
            why = rights(by, {"member": "", "officer": "", "city": ""}) | self.at("appointed")
            why |= set() if by.officer == self.leader else {"not-team-leader"}
        why |= self.early(by) | ({"hours-reversed"} if backwards else set())
        if replaces is not None:
            why |= set() if replaces in self.visits else {"inspection-unknown"}
            why |= {"inspection-held"} if replaces in self.held else set()

        def said() -> list[Said]:
            self.visits.pop(replaces or "", None)
            self.visits[""] = (level, by.on)
            return [Said("inspection-scheduled", by.on)]

        return self.world.settle(by, why, self.stream, said)

    def hold(self, by: By, visit: str, present: Sequence[str]) -> set[str]:
        why = self.at("appointed", "recommended", "city-marked")
        if visit not in self.visits:
            return why | rights(by, {"member": "", "officer": "", "city": ""}) | {
                "inspection-unknown"
            }  # fmt: skip
        level, planned_on = self.visits[visit]
        why |= {"inspection-held"} if visit in self.held else set()
        if level == "city":
            why |= of_city(by)
        else:
            why |= rights(by, {"member": "", "officer": "", "city": ""}) | self.at("appointed")
            why |= set() if by.officer == self.leader else {"not-team-leader"}
            why |= set() if set(present) <= self.seats.keys() else {"not-on-team"}
        why |= self.early(by, max(self.since, planned_on))
        why |= set() if by.paper else {"document-missing"}

        def said() -> list[Said]:
            self.held[visit] = self.since = by.on
            return [Said("inspection-held", by.on)]

        return self.world.settle(by, why, self.stream, said)

    def mark(self, by: By, given: Given) -> set[str]:
        """One's own marks of whole categories; what was marked before stays on record."""
        why = rights(by, {"member": ""}) | self.at("appointed") | self.early(by)
        seat = self.seats.get(by.officer)
        why |= {"not-on-team"} if seat is None else set()
        why |= {"own-office-reviewer"} if self.insider(by.officer, by.on) else set()
        if not any(self.visits[one][0] == "district" for one in self.held):
            why.add("inspection-not-held")
        why |= table.faults(self.lines, given, complete=False)
        touched = {self.lines[code].category for code in given if code in self.lines}
        why |= set() if seat and touched <= set(seat.categories) else {"category-not-yours"}
        if not touched or any(code not in given for code in table.ordinary(self.lines, *touched)):
            why.add("missing-items")

        def said() -> list[Said]:
            for category in touched:
                own = {
                    code: at for code, at in given.items() if self.lines[code].category == category
                }
                self.markings[by.officer, category] = own
            self.markers.add(by.officer)
            self.agreed, self.since = None, by.on
            return [Said("marks-recorded", by.on)]

        return self.world.settle(by, why, self.stream, said)

    def counting(self) -> dict[str, dict[str, int | None]]:
        """Item, then officer: the marks of those who are on the team now."""
        found: dict[str, dict[str, int | None]] = {}
        for (officer, _), marks in self.markings.items():
            if officer in self.seats:
                for code, mark in marks.items():
                    found.setdefault(code, {})[officer] = mark
        return found

    def record_veto(self, by: By, gate: str, occurred_on: date) -> set[str]:
        why = rights(by, {"officer": DISTRICT, "leader": DISTRICT, "city": CITY})
        why |= self.at("opened", "appointed", "preliminary-passed", "recommended", "city-marked")
        why |= set() if gate in table.VETOES else {"unknown-gate"}
        if gate in self.vetoes:
            return self.world.settle(by, why, self.stream, list, noop=True)
        why |= self.early(by) | ({"occurred-later"} if occurred_on > by.on else set())

        def said() -> list[Said]:
            self.vetoes.add(gate)
            self.since = by.on
            return [Said("veto-recorded", by.on)]

        return self.world.settle(by, why, self.stream, said)

    def recorded_facts(self) -> set[str]:
        """Facts behind the vetoes on record: no totals may leave them out."""
        return {str(table.GATES[one][1]["fact"]) for one in self.vetoes if one == "fatal"}

    def _seat(self, seats: Sequence[Seat], min_markers: int) -> None:
        self.seats = {one.officer: one for one in seats}
        self.min_markers, self.agreed = min_markers, None

    def _fit(
        self,
        by: By,
        seats: Sequence[Seat],
        min_markers: int,
        aside: Collection[str],
        *,
        fresh: Collection[str],
    ) -> set[str]:
        names = [one.officer for one in seats]
        why = {"duplicate-code"} if len(set(names)) < len(names) else set()
        why |= {"team-too-small"} if len(seats) < TEAM_AT_LEAST else set()
        why |= {"leaders-not-one"} if sum(one.leads for one in seats) != 1 else set()
        why |= {"officer-recused"} if set(names) & set(aside) else set()
        for one in fresh:
            serves = self.posted(one, by.on)
            why |= {"officer-unknown"} if serves is None else set()
            if serves == self.township.office or self.insider(one, by.on):
                why.add("own-office-reviewer")
        marked = [code for one in seats for code in set(one.categories)]
        why |= set() if set(marked) <= set(table.CATEGORIES) else {"unknown-category"}
        if any(marked.count(code) < min_markers for code in table.CATEGORIES):
            why.add("categories-not-covered")
        return why


def of_city(by: By) -> set[str]:
    """The city itself, or the district's officer for it; to others it is another's business."""
    why = rights(by, {"city": CITY, "officer": DISTRICT})
    return why | {"other-organisation"} if why else why
