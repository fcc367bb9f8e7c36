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
class Round:
    """One application and how far it came; `sent` is the version at which the dossier sent it.

    `back` says that it ended without a pass, `since` from which day the office has to mend.
    """

    stage: str = ""
    sent: int = 0
    back: bool = False
    since: str = ""
    title: str = ""
    revoked: str = ""
    passes: list[tuple[str, str]] = field(default_factory=list)

    def send_back(self, day: str) -> None:
        self.back, self.since = True, day


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
        titles = [case.title for case in cases if case.title and not case.revoked]
        if titles:
            return titles[-1]
        rounds = self.echoes.keys() | self.cases.keys()
        if not rounds:
            return self._preparing()
        echo = self.echoes.get(max(rounds), Round())
        last = self.cases.get(max(rounds), echo)
        if last.revoked:
            return "revoked"
        if not last.back:
            return last.stage
        version, day, _ = self.scored
        answered = not last.since or (version > echo.sent and day >= last.since)
        return "ready" if answered and self._ready() else "rectifying"

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
    """One programme, folded up to a day; `enrolled` says since when and, if at all, until when."""

    enrolled: dict[str, tuple[str, str]] = field(default_factory=dict)
    targets: dict[str, Data] = field(default_factory=dict)
    townships: defaultdict[str, Township] = field(default_factory=lambda: defaultdict(Township))

    @classmethod
    def of(cls, rows: Iterable[Row], programme: str, on: date) -> "Campaign":
        """Each stream in the order of its versions; streams in no particular order."""
        record = cls()
        for row in sorted(rows, key=lambda row: (row.context, row.subject, row.version)):
            subject, *parts = row.subject.split("/")
            if subject != programme or row.effective_on > on:
                continue
            if row.context == "programme":
                _programme(record, row.name, row.data)
            elif row.context == "dossier":
                _dossier(record.townships[parts[0]], row.version, row.name, row.data)
            elif row.context == "case":
                cases = record.townships[parts[0]].cases
                _case(cases.setdefault(int(parts[1]), Round()), row.name, row.data)
        return record

    def stages(self) -> dict[str, str]:
        """Stage by township code, those that left included."""
        return {
            code: "left" if left else self.townships[code].stage()
            for code, (_, left) in sorted(self.enrolled.items())
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
        since, left = self.enrolled[code]
        if since > settled or (left and left <= settled):
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
        case "township-enrolled":
            record.enrolled[data["township"]] = (data["effective_on"], "")
        case "township-withdrawn":
            since, _ = record.enrolled[data["township"]]
            record.enrolled[data["township"]] = (since, data["effective_on"])


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
            township.echoes[data["round"]] = Round(stage="applied", sent=version)
        case "application-returned":
            township.echoes[data["round"]].send_back(day)
        case "application-closed":
            echo = township.echoes[data["round"]]
            if data["outcome"] == "failed":
                echo.send_back(day)
            elif data["outcome"] != "awarded":
                echo.back = True


def _case(one: Round, name: str, data: Data) -> None:
    day = data["effective_on"]
    one.stage = _STEPS.get(name, one.stage)
    match name:
        case "inspection-scheduled" if data["level"] == "city":
            one.stage = "verifying"
        case "preliminary-passed" | "city-passed":
            one.passes.append((name, day))
        case "returned" | "preliminary-failed" | "city-failed":
            one.send_back(day)
        case "title-awarded":
            one.stage = one.title = data["title"]
            one.revoked = ""
            one.passes.append((name, day))
        case "title-revoked":
            one.revoked = day
        case "application-rejected":
            one.back = True
        case "closed" if data["outcome"] in ("withdrawn", "void"):
            one.back = True
