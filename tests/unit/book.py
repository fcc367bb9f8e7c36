"""Rows as three logs hold them, for the tests of the demo's own check."""

import json
from datetime import date
from typing import Any

from deploy.local.replay import Campaign, Row

P = "p"
END = date(2019, 12, 31)
TARGETS = [
    {"code": "first", "due_on": "2018-12-31", "members": "committed", "achieved_by": "city-passed"},
    {"code": "all", "due_on": "2019-12-31", "members": "all", "achieved_by": "city-passed"},
]


class Book:
    """Rows as three logs hold them, written one event after another."""

    def __init__(self) -> None:
        self.logs: dict[str, list[Row]] = {"submission": [], "review": [], "notification": []}

    def say(self, log: str, context: str, subject: str, name: str, day: str, **data: Any) -> None:
        rows = self.logs[log]
        version = 1 + sum((row.context, row.subject) == (context, subject) for row in rows)
        rows.append(
            Row(
                position=len(rows) + 1,
                context=context,
                subject=subject,
                version=version,
                id=f"{context}-{subject}-{version}",
                type=f"fuyan.{context}.{name}.v1",
                effective_on=date.fromisoformat(day),
                raw=json.dumps({"effective_on": day, **data}).encode(),
            )
        )

    def programme(self, name: str, day: str, **data: Any) -> None:
        self.say("review", "programme", P, name, day, **data)

    def dossier(self, name: str, day: str, **data: Any) -> None:
        self.say("submission", "dossier", f"{P}/1", name, day, **data)

    def case(self, round_: int, name: str, day: str, **data: Any) -> None:
        self.say("review", "case", f"{P}/1/{round_}", name, day, **data)

    def scored(self, day: str, grade: str = "compliant", kind: str = "full") -> None:
        self.dossier(
            "self-assessment-recorded", day, kind=kind, complete=True, totals={"grade": grade}
        )

    def sent_back_in_2018(self) -> None:
        self.dossier("plan-filed", "2018-03-01", target="first")
        self.scored("2018-08-01")
        self.dossier("application-submitted", "2018-10-08", round=1)
        self.case(1, "opened", "2018-10-08")
        self.case(1, "team-appointed", "2018-10-10")
        self.case(1, "returned", "2018-11-08")
        self.case(1, "closed", "2018-11-08", outcome="returned")
        self.dossier("application-returned", "2018-11-08", round=1)
        self.dossier("deficiency-found", "2018-11-08", deficiency_id="d", blocking=True)
        self.dossier("application-closed", "2018-11-08", round=1, outcome="returned")

    def passed(self, round_: int, day: str) -> None:
        self.dossier("application-submitted", day, round=round_)
        self.case(round_, "opened", day)
        self.case(round_, "city-marks-recorded", day)
        self.case(round_, "city-passed", day)

    def awarded(self, round_: int, day: str, title: str, plaque: str, **data: Any) -> None:
        self.case(round_, "title-awarded", day, title=title, plaque_number=plaque, **data)
        self.case(round_, "closed", day, outcome="awarded")

    def campaign(self, on: date = END) -> Campaign:
        return Campaign.of([row for rows in self.logs.values() for row in rows], P, on)

    def stage(self, on: str = "2019-12-31") -> str:
        return self.campaign(date.fromisoformat(on)).stages()["1"]

    def sums(self, code: str, on: date = END) -> dict[str, int]:
        campaign = self.campaign(on)
        return campaign.count(campaign.targets[code], on)
