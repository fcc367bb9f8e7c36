"""A second fold of the events, from the written rules alone: standard library, no code of ours.

It shares nothing with the projection, on purpose: a mistake would have to be made twice, in two
ways that agree, to go unseen.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

Data = dict[str, Any]

_STEPS = {
    "opened": "applied",
    "team-appointed": "inspecting",
    "preliminary-passed": "passed",
    "recommended": "recommended",
    "recommendation-returned": "passed",
    "city-marks-recorded": "verifying",
    "city-passed": "verified",
}


@dataclass(frozen=True, slots=True)
class Row:
    """An event as a log or the journal holds it."""

    position: int
    context: str
    subject: str
    version: int
    id: str
    type: str
    effective_on: date
    raw: bytes

    @property
    def name(self) -> str:
        """`city-passed` of `fuyan.case.city-passed.v1`."""
        return self.type.split(".")[2]

    @property
    def data(self) -> Data:
        parsed: Data = json.loads(self.raw)
        return parsed


@dataclass(slots=True)
class Award:
    """A title, and every number its plaque ever bore; `ids` are it and what put it right."""

    title: str
    numbers: set[str]
    ids: set[str]
    revoked: str = ""


@dataclass(slots=True)
class Round:
    """One application and how far it came; `sent` is the version at which the dossier sent it.

    `back` says that it ended without a pass, `over` that it ended at all, `since` from which day
    the office has to mend, `begun` on which day it was applied for, where a case says so.
    """

    stage: str = ""
    sent: int = 0
    begun: str = ""
    back: bool = False
    over: bool = False
    since: str = ""
    awards: list[Award] = field(default_factory=list)
    replaces: set[str] = field(default_factory=set)
    passes: list[tuple[str, str]] = field(default_factory=list)

    @property
    def revoked(self) -> str:
        """The day on which the last title of this round was taken away, if it was."""
        return self.awards[-1].revoked if self.awards else ""

    def send_back(self, day: str) -> None:
        self.back, self.over, self.since = True, True, day


@dataclass(slots=True)
class Township:
    """What the dossier and the cases of one township say."""

    plans: list[tuple[str, str]] = field(default_factory=list)
    assessed: bool = False
    mending: bool = False
    scored: tuple[int, str, str] = (0, "", "none")
    blocking: set[str] = field(default_factory=set)
    open: set[str] = field(default_factory=set)
    echoes: dict[int, Round] = field(default_factory=dict)
    cases: dict[int, Round] = field(default_factory=dict)

    def stage(self) -> str:
        """Where it stands, enrolled or not: the highest round decides, a title wins."""
        cases = [case for _, case in sorted(self.cases.items())]
        replaced = {number for case in cases for number in case.replaces}
        titles = [
            case.awards[-1].title
            for case in cases
            if case.awards and not case.revoked and not case.awards[-1].numbers & replaced
        ]
        if titles:
            return titles[-1]
        rounds = self.echoes.keys() | self.cases.keys()
        if not rounds:
            return self._preparing()
        echo = self.echoes.get(max(rounds), Round())
        last = self.cases.get(max(rounds), echo)
        if self._revoked(max(rounds), last, echo):
            return "revoked"
        if not last.back:
            return last.stage
        version, day, _ = self.scored
        answered = not last.since or (version > echo.sent and day >= last.since)
        return "ready" if answered and self._ready() else "rectifying"

    def _revoked(self, round_: int, last: Round, echo: Round) -> bool:
        """The last revocation, which lasts until an application follows it or is open still."""
        gone = [(case.revoked, number) for number, case in self.cases.items() if case.revoked]
        if not gone:
            return False
        day, revoked_round = max(gone)
        if revoked_round == round_:
            return True
        begun = [one.begun for one in (last, echo) if one.begun]
        return last.over and all(one < day for one in begun)

    def _ready(self) -> bool:
        return self.scored[2] != "none" and not self.open & self.blocking

    def _preparing(self) -> str:
        if self._ready():
            return "ready"
        if self.mending:
            return "rectifying"
        if self.assessed:
            return "assessed"
        return "planned" if self.plans else "enrolled"


@dataclass(slots=True)
class Campaign:
    """One programme, folded up to a day; `enrolled` has each joining and leaving by its day."""

    enrolled: dict[str, list[tuple[str, bool]]] = field(default_factory=dict)
    targets: dict[str, Data] = field(default_factory=dict)
    townships: defaultdict[str, Township] = field(default_factory=lambda: defaultdict(Township))

    @classmethod
    def of(cls, rows: Iterable[Row], programme: str, on: date) -> "Campaign":
        """Each stream in the order of its versions; streams in no particular order."""
        record = cls()
        for row in sorted(rows, key=lambda row: (row.context, row.subject, row.version)):
            subject, *parts = row.subject.split("/")
            if subject != programme or row.effective_on > on or not row.raw:
                continue  # of what was erased by law nothing is left to count
            if row.context == "programme":
                _programme(record, row.name, row.data)
            elif row.context == "dossier":
                _dossier(record.townships[parts[0]], row.version, row.name, row.data)
            elif row.context == "case":
                cases = record.townships[parts[0]].cases
                _case(cases.setdefault(int(parts[1]), Round()), row.id, row.name, row.data)
        return record

    def stages(self) -> dict[str, str]:
        """Stage by township code, those that left included."""
        return {
            code: self.townships[code].stage() if steps[-1][1] else "left"
            for code, steps in sorted(self.enrolled.items())
        }

    def count(self, target: Data, on: date) -> dict[str, int]:
        """Members, and how they did, at the end of `on`; both are settled at the due day."""
        due = target["due_on"]
        settled = min(due, on.isoformat())
        members = [code for code in self.enrolled if self._belongs(code, target, settled)]
        sums = Counter(self._did(code, target["achieved_by"], due, on) for code in members)
        return {
            "members": len(members),
            "achieved": sums["achieved"],
            "achieved_late": sums["achieved_late"],
            "missed": sums["missed"],
        }

    def _belongs(self, code: str, target: Data, settled: str) -> bool:
        if [joined for day, joined in self.enrolled[code] if day <= settled][-1:] != [True]:
            return False
        if target["members"] == "all":
            return True
        aims = [aim for day, aim in self.townships[code].plans if day <= settled]
        return aims[-1:] == [target["code"]]

    def _did(self, code: str, by: str, due: str, on: date) -> str:
        cases = self.townships[code].cases.values()
        passes = [(day, case.revoked) for case in cases for name, day in case.passes if name == by]
        if any(day <= due and not (gone and gone <= due) for day, gone in passes):
            return "achieved"
        if any(day > due and not gone for day, gone in passes):
            return "achieved_late"
        return "missed" if on.isoformat() > due else "under way"


def _programme(record: Campaign, name: str, data: Data) -> None:
    match name:
        case "opened":
            record.targets = {target["code"]: target for target in data["targets"]}
        case "target-rescheduled":
            record.targets[data["target"]] |= {"due_on": data["due_on"]}
        case "township-enrolled" | "township-withdrawn":
            step = (data["effective_on"], name == "township-enrolled")
            record.enrolled.setdefault(data["township"], []).append(step)


def _dossier(township: Township, version: int, name: str, data: Data) -> None:
    day = data["effective_on"]
    match name:
        case "plan-filed" | "plan-revised":
            township.plans.append((day, data["target"]))
        case "self-assessment-recorded":
            township.assessed = True
            if data["complete"] and data["kind"] != "gap":
                township.scored = (version, day, data["totals"]["grade"])
        case "deficiency-found":
            township.open.add(data["deficiency_id"])
            if data["blocking"]:
                township.blocking.add(data["deficiency_id"])
        case "deficiency-withdrawn":
            township.open.discard(data["deficiency_id"])
        case "deficiency-reopened":
            township.mending = True
            township.open.add(data["deficiency_id"])
        case "rectification-planned":
            township.mending = True
        case "rectification-completed":
            township.mending = True
            township.open.discard(data["deficiency_id"])
        case "application-submitted":
            township.echoes[data["round"]] = Round(stage="applied", sent=version, begun=day)
        case "application-returned":
            township.echoes[data["round"]].send_back(day)
        case "application-closed":
            echo = township.echoes[data["round"]]
            if data["outcome"] == "failed":
                echo.send_back(day)
            elif data["outcome"] != "awarded":
                echo.back = True
            echo.over = True


def _case(one: Round, id_: str, name: str, data: Data) -> None:
    day = data["effective_on"]
    one.stage = _STEPS.get(name, one.stage)
    one.begun = one.begun or day
    match name:
        case "inspection-scheduled" if data["level"] == "city":
            one.stage = "verifying"
        case "preliminary-passed" | "city-passed":
            one.passes.append((name, day))
        case "returned" | "preliminary-failed" | "city-failed":
            one.send_back(day)
        case "title-awarded":
            one.stage = data["title"]
            one.awards.append(Award(data["title"], {data["plaque_number"]}, {id_}))
            one.replaces |= {data.get("replaces_title") or ""}
            one.passes.append((name, day))
        case "title-corrected":
            for award in one.awards:
                if data["corrects"] in award.ids:
                    _put_right(award, id_, data)
        case "title-revoked":
            held = [award for award in one.awards if data["plaque_number"] in award.numbers]
            for award in held or one.awards[-1:]:
                award.revoked = day
        case "application-rejected":
            one.back = one.over = True
        case "closed":
            one.back = one.back or data["outcome"] in ("withdrawn", "void")
            one.over = True


def _put_right(award: Award, id_: str, data: Data) -> None:
    award.ids.add(id_)
    if data["field"] == "title":
        award.title = data["is"]
    elif data["field"] == "plaque_number":
        award.numbers.add(data["is"])
