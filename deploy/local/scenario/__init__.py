"""A scenario as a person writes it, read and put in the order of its days."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from shared.contracts.programme import StandardPublished

SHIPPED = Path(__file__).with_name("shanting-2018.yaml")
PROGRAMMES = Path(__file__).parents[2] / "programmes"


@dataclass(frozen=True, slots=True)
class Person:
    """An officer, by whom a token is asked for."""

    officer: str
    organisation: str
    roles: tuple[str, ...]
    post: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """One line of the scenario: what happens on `day`; it is put on record on `recorded`.

    `key` names it for ever, so that doing it again does nothing; `expect` is the code with which
    it shall be refused.
    """

    what: str
    day: date
    recorded: date
    township: str
    key: str
    facts: Mapping[str, Any]
    expect: str | None

    def __str__(self) -> str:
        return f"{self.day} {self.township or 'bureau'} {self.what}"


@dataclass(frozen=True, slots=True)
class Scenario:
    """The whole play. `codes` gives a township's code by its name; `definition` is to be opened.

    `checked_on` are days, before the last, for which answers are compared as well.
    """

    programme: str
    definition: Mapping[str, Any]
    standard: StandardPublished
    people: Mapping[str, Person]
    teams: Mapping[str, Sequence[str]]
    codes: Mapping[str, str]
    acts: Sequence[Act]
    ends_on: date
    checked_on: Sequence[date]

    def head(self, township: str) -> Person:
        """Who signs for an office."""
        return self._of_office(township, "head")

    def clerk(self, township: str) -> Person:
        """Who prepares for an office."""
        return self._of_office(township, "clerk")

    def _of_office(self, township: str, role: str) -> Person:
        code = self.codes[township]
        return Person(f"{code}-{role}", f"{code}-office", (role,))


def load(path: Path = SHIPPED, programmes: Path = PROGRAMMES) -> Scenario:
    """Read a scenario and the programme that it plays.

    Raises ValueError where it names a township, team or person that does not exist.
    """
    text = yaml.safe_load(path.read_text(encoding="utf-8"))
    programme = text["programme"]
    source = (programmes / f"{programme}.yaml").read_text(encoding="utf-8")
    definition = yaml.safe_load(source)
    codes = {one["name"]: one["township"] for one in definition["townships"]}
    people = {
        name: Person(one["officer"], one["organisation"], tuple(one["roles"]), one["post"])
        for name, one in text["people"].items()
    }
    _known("person", {name for team in text["teams"].values() for name in team}, people)
    _known("township", text["townships"], codes)
    lines = [("", line) for line in text["bureau"]]
    lines += [(name, line) for name, story in text["townships"].items() for line in story]
    acts = [_act(codes, name, line, place) for place, (name, line) in enumerate(lines)]
    _known("team", {act.facts["team"] for act in acts if "team" in act.facts}, text["teams"])
    return Scenario(
        programme=programme,
        definition=definition,
        standard=_standard(programme, definition["standard"]),
        people=people,
        teams=text["teams"],
        codes=codes,
        # sorted() keeps the order of the file within a day: it is the order of that day.
        acts=sorted(acts, key=lambda act: act.recorded),
        ends_on=text["ends_on"],
        checked_on=text["checked_on"],
    )


def _act(codes: Mapping[str, str], township: str, line: Mapping[str, Any], place: int) -> Act:
    facts = dict(line)
    day, what = facts.pop("day"), facts.pop("act")
    return Act(
        what=what,
        day=day,
        recorded=facts.pop("recorded", day),
        township=township,
        key=f"{codes.get(township, 'bureau')}-{place:03}-{what}",
        facts=facts,
        expect=facts.pop("expect", None),
    )


def _standard(programme: str, table: Mapping[str, Any]) -> StandardPublished:
    """The first version of the standard, as the programme will publish it."""
    site = {"programme": programme, "effective_on": date.min, "in_force_on": date.min}
    ref = {"code": table["code"], "version": 1, "digest": ""}
    rest = {name: value for name, value in table.items() if name != "code"}
    published: StandardPublished = TypeAdapter(StandardPublished).validate_python(
        {**site, **rest, "standard": ref}
    )
    return published


def _known(kind: str, named: "set[str] | Mapping[str, Any]", known: Mapping[str, Any]) -> None:
    if unknown := sorted(set(named) - known.keys()):
        raise ValueError(f"the scenario names a {kind} that does not exist: {', '.join(unknown)}")
