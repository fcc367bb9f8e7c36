"""Plays a scenario: moves the demo's clock day by day, and does each line on its day."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as hour
from pathlib import Path

import httpx

from deploy.local import case_acts, office_acts
from deploy.local.desk import Desk
from deploy.local.issuer import Issuer
from deploy.local.office_acts import Office, Stage
from deploy.local.scenario import Act, Scenario
from shared.clock import SHANGHAI, write_clock

Doing = Callable[[Stage, Act], Awaitable[None]]
Progress = Callable[[date, int, int, str], None]
"""Told of each line: its day, how many are done of how many, and what is being done."""

ACTS: Mapping[str, Doing] = {
    "plan": office_acts.plan,
    "revise": office_acts.plan,
    "assess": office_acts.assess,
    "find": office_acts.find,
    "remedy": office_acts.remedy,
    "complete": office_acts.complete,
    "apply": office_acts.apply,
    "withdraw": office_acts.withdraw,
    "open": case_acts.open_programme,
    "directory": case_acts.directory,
    "calendar": case_acts.calendar,
    "team": case_acts.appoint,
    "schedule": case_acts.schedule,
    "visit": case_acts.visit,
    "mark": case_acts.mark,
    "agree": case_acts.agree,
    "pass": case_acts.pass_,
    "return": case_acts.send_back,
    "recommend": case_acts.recommend,
    "city-schedule": case_acts.city_schedule,
    "city-visit": case_acts.city_visit,
    "city-mark": case_acts.city_mark,
    "city-pass": case_acts.city_pass,
    "city-fail": case_acts.city_fail,
    "award": case_acts.award,
    "reward": case_acts.reward,
    "pay": case_acts.pay,
    "close": case_acts.close,
}
_DAY = timedelta(days=1)
_DAYS_A_MONTH = 365.25 / 12


@dataclass(frozen=True, slots=True)
class Played:
    """What the services acknowledged: the last version told of each stream.

    `commands` counts what was answered, `refused` those of them that were refused, as written.
    """

    last: Mapping[str, int]
    commands: int
    refused: int

    @property
    def events(self) -> int:
        """Events that must be on record: every version up to the last one told of its stream."""
        return sum(self.last.values())


async def play(
    urls: Mapping[str, str],
    issuer: Issuer,
    clock: Path,
    scenario: Scenario,
    pace: float = 0,
    on_progress: Progress | None = None,
    *,
    patience: float = 90,
    transport: httpx.AsyncBaseTransport | None = None,
) -> Played:
    """Play a scenario to its end through the services' public addresses alone.

    `pace` is seconds per month of the scenario, 0 as fast as can be. A service may be killed and
    started again meanwhile: what is unsure is sent again under its key, for `patience` seconds.
    Raises `Surprise` where a service answers what the scenario does not say, `Stalled` where it
    does not answer in time, and ValueError for a line that nobody knows how to do.
    """
    if unknown := {act.what for act in scenario.acts} - ACTS.keys():
        raise ValueError(f"nobody knows how to: {', '.join(sorted(unknown))}")
    desk = Desk(urls, issuer.token, patience=patience, transport=transport)
    stage = Stage(scenario, desk, {name: Office() for name in scenario.codes})
    calendar = _Calendar(clock, scenario.acts[0].recorded, pace)
    total = len(scenario.acts)
    try:
        for done, act in enumerate(scenario.acts):
            await calendar.to(act.recorded)
            if on_progress:
                on_progress(act.recorded, done, total, f"{act.township} {act.what}".strip())
            await ACTS[act.what](stage, act)
        await calendar.to(scenario.ends_on)
        if on_progress:
            on_progress(scenario.ends_on, total, total, "")
    finally:
        await desk.aclose()
    return Played(desk.last, desk.commands, desk.refused)


class _Calendar:
    """Turns the clock of the demo, never back, and not faster than the pace."""

    def __init__(self, path: Path, begins: date, pace: float) -> None:
        self._path, self._day, self._line = path, begins, 0
        self._per_day = pace / _DAYS_A_MONTH
        self._due = time.monotonic()

    async def to(self, day: date) -> None:
        """Day by day to `day`, and there a minute further than the line before."""
        while self._day < day:
            self._day += _DAY
            self._line = 0
            self._turn()
            self._due += self._per_day
            await asyncio.sleep(max(0, self._due - time.monotonic()))
        self._line += 1
        self._turn()

    def _turn(self) -> None:
        morning = datetime.combine(self._day, hour(9), SHANGHAI)
        write_clock(self._path, morning + timedelta(minutes=self._line))
