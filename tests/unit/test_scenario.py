"""The shipped scenario: playable to its end, on working days, against services that fall over."""

import json
import re
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import BaseModel

from deploy.local.issuer import Issuer
from deploy.local.player import ACTS, Played, play
from deploy.local.scenario import Scenario, load
from services.review import bodies as programme_bodies
from services.review import case_bodies
from services.review.directory import OfficerBody
from services.submission import bodies as dossier_bodies
from shared.clock import FileClock, civil_day
from shared.contracts.refusals import REFUSALS
from shared.working_days import Calendar

SCENARIO = load()
URLS = {"submission": "http://submission", "review": "http://review"}
CASE = "/v1/cases/[^/]+/[0-9]+/[0-9]+"
DOSSIER = "/v1/dossiers/[^/]+/[0-9]+"

BODIES: Mapping[str, type[BaseModel]] = {
    "/v1/programmes": programme_bodies.DefinitionBody,
    "/v1/programmes/[^/]+/calendars/[0-9]+": programme_bodies.CalendarBody,
    "/v1/programmes/[^/]+/recommendations": case_bodies.LetterBody,
    "/v1/programmes/[^/]+/awards": case_bodies.AwardsBody,
    "/v1/officers/[^/]+": OfficerBody,
    f"{CASE}/team": case_bodies.TeamBody,
    f"{CASE}/inspections": case_bodies.InspectionBody,
    f"{CASE}/inspections/[^/]+/record": case_bodies.MinutesBody,
    f"{CASE}/marks": case_bodies.MarksBody,
    f"{CASE}/consensus": case_bodies.ConsensusBody,
    f"{CASE}/(city-)?decision": case_bodies.DecisionBody,
    f"{CASE}/city-marks": case_bodies.CityMarksBody,
    f"{CASE}/rewards": case_bodies.RewardBody,
    f"{CASE}/rewards/[^/]+/payment": case_bodies.PaymentBody,
    f"{CASE}/closure": case_bodies.ClosureBody,
    f"{DOSSIER}/plans": dossier_bodies.PlanBody,
    f"{DOSSIER}/self-assessments": dossier_bodies.AssessmentBody,
    f"{DOSSIER}/deficiencies": dossier_bodies.FindingsBody,
    f"{DOSSIER}/deficiencies/[^/]+/rectification-plans": dossier_bodies.RemedyBody,
    f"{DOSSIER}/deficiencies/[^/]+/completion": dossier_bodies.CompletionBody,
    f"{DOSSIER}/applications": dossier_bodies.ApplicationBody,
    f"{DOSSIER}/applications/[^/]+/withdrawal": dossier_bodies.WithdrawalBody,
}


@dataclass
class Services:
    """Answers as the services do, as far as the player looks; what they decide is their own test.

    Every body is read by the service's own model. With `falls`, every seventh request is answered
    by a service on its way down, of which every second has done it before it fell.
    """

    scenario: Scenario
    falls: bool = False
    asked: int = 0
    done: dict[str, httpx.Response] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)
    builds_on: dict[str, str] = field(default_factory=dict)
    versions: Counter[str] = field(default_factory=Counter)
    rounds: Counter[str] = field(default_factory=Counter)
    open: dict[str, dict[str, Any]] = field(default_factory=dict)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.asked += 1
        if self.falls and self.asked % 7 == 0:
            if self.asked % 2:
                self._answer(request)
            raise httpx.ReadError("gone", request=request)
        return self._answer(request)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        path = request.url.path
        if request.method == "GET":
            return self._read(path)
        key = request.headers["idempotency-key"]
        actor = request.headers["authorization"]
        if (known := self.done.get(f"{actor} {key}")) is not None:
            return known
        if path == "/v1/evidence/content":
            sent = request.url.params["sha256"]
            assert sha256(request.content).hexdigest() == sent
            self.keys.append(key)
            self.done[f"{actor} {key}"] = httpx.Response(201, json={"sha256": sent})
            return self.done[f"{actor} {key}"]
        body = json.loads(request.content)
        model = next(model for known, model in BODIES.items() if re.fullmatch(known, path))
        model.model_validate(body)
        if expected := self._expected(key):
            answer = {"code": expected}
            problem = {"content-type": "application/problem+json"}
            return httpx.Response(409, json=answer, headers=problem)
        if path.endswith("decision"):
            assert request.headers["if-match"] == '"7"'
        self.keys.append(key)
        self.builds_on[key] = request.headers.get("after", "")
        answer = self._do(path, body, key)
        self.done[f"{actor} {key}"] = httpx.Response(201, json=answer)
        return self.done[f"{actor} {key}"]

    def _expected(self, key: str) -> str | None:
        return next(
            (act.expect for act in self.scenario.acts if key.startswith(act.key) and act.expect),
            None,
        )

    def _do(self, path: str, body: Any, key: str) -> dict[str, Any]:
        parts = path.split("/")
        context = {"cases": "case", "dossiers": "dossier"}.get(parts[2], "programme")
        subject = "/".join(parts[3:6] if context == "case" else parts[3:5])
        stream = f"{context}/{subject if context != 'programme' else self.scenario.programme}"
        self.versions[stream] += 1
        if path.endswith("/applications"):
            self.rounds[subject] += 1
        if path.endswith("/deficiencies"):
            for one in body["deficiencies"]:
                self._found(subject, one["item"])
        if path.endswith("/completion"):
            self.open[subject].pop(parts[6])
        if path.endswith("/decision") and body["decision"] == "return":
            for one in body["items"]:
                self._found(subject.rsplit("/", 1)[0], one["item"])
        return {
            "stream": stream.split("/", 1)[1],
            "version": self.versions[stream],
            "application_id": f"a{self.rounds[subject]}",
            "round": self.rounds[subject],
            "inspection_id": f"visit-{key}",
            "reward_id": f"reward-{key}",
        }

    def _found(self, subject: str, item: str) -> None:
        found = {"item": item, "gap_cp": 500}
        self.open.setdefault(subject, {})[item] = {
            "deficiency_id": item,
            "found": found,
            "plan": None,
        }

    def _read(self, path: str) -> httpx.Response:
        if path.endswith("/deficiencies"):
            subject = "/".join(path.split("/")[3:5])
            return httpx.Response(200, json=list(self.open.get(subject, {}).values()))
        if "/calendars/" in path:
            year = int(path.rsplit("/", 1)[1])
            calendars = self.scenario.definition["calendars"]
            return httpx.Response(200, json=[one for one in calendars if one["year"] == year])
        closed = {"closed": {"outcome": "withdrawn"}}
        return httpx.Response(200, json={"applications": [closed]}, headers={"etag": '"7"'})


async def played(tmp_path: Path, services: Services, **more: Any) -> Played:
    transport = httpx.MockTransport(services)
    clock = tmp_path / "clock"
    return await play(URLS, Issuer(), clock, SCENARIO, transport=transport, **more)


async def test_every_line_is_done_once_and_every_refusal_is_met(tmp_path: Path) -> None:
    services = Services(SCENARIO)
    result = await played(tmp_path, services)
    assert result.refused == sum(act.expect is not None for act in SCENARIO.acts)
    assert len(services.keys) == len(set(services.keys)) == result.commands - result.refused
    assert result.last == dict(services.versions)


async def test_services_that_fall_over_get_each_command_again_and_do_it_once(
    tmp_path: Path,
) -> None:
    steady, falling = Services(SCENARIO), Services(SCENARIO, falls=True)
    await played(tmp_path, steady)
    result = await played(tmp_path, falling)
    assert falling.asked > steady.asked * 8 // 7
    assert falling.keys == steady.keys
    assert result.last == dict(steady.versions)


async def test_each_line_is_played_with_the_clock_on_its_day_and_the_clock_never_goes_back(
    tmp_path: Path,
) -> None:
    seen = []

    def look(day: date, done: int, total: int, what: str) -> None:
        clock = FileClock(tmp_path / "clock")
        seen.append((clock(), day))
        clock.close()

    await played(tmp_path, Services(SCENARIO), on_progress=look)
    instants = [instant for instant, _ in seen]
    assert all(civil_day(instant) == day for instant, day in seen)
    assert instants == sorted(instants)
    assert seen[-1][1] == date(2019, 12, 31)


async def test_a_dossier_command_names_the_case_events_that_it_builds_on(tmp_path: Path) -> None:
    services = Services(SCENARIO)
    await played(tmp_path, services)
    second = [key for key in services.keys if key.endswith("apply") and "370406103" in key][1]
    assert "programme/shanting-2018@" in services.builds_on[second]
    assert "case/shanting-2018/370406103/1@" in services.builds_on[second]


def calendar() -> Calendar:
    """As it turned out: the shipped years, and the days that the scenario adds."""
    plain = SCENARIO.definition["calendars"]
    changes = [act.facts for act in SCENARIO.acts if act.what == "calendar"]
    off = {date.fromisoformat(day) for one in plain for day in one["holidays"]}
    worked = {date.fromisoformat(day) for one in plain for day in one["worked_weekends"]}
    off |= {day for one in changes for day in one["holidays"]}
    return Calendar(
        frozenset(off), frozenset(worked | {d for one in changes for d in one["worked"]})
    )


def test_nobody_works_on_a_day_off() -> None:
    known = calendar()
    idle = [str(act) for act in SCENARIO.acts if not known.is_working(act.day)]
    idle += [
        f"{act} for {act.facts['for']}"
        for act in SCENARIO.acts
        if "for" in act.facts and not known.is_working(act.facts["for"])
    ]
    assert idle == []


def test_may_2019_has_four_days_off_only_after_the_change() -> None:
    changes = [act for act in SCENARIO.acts if act.what == "calendar" and act.facts["year"] == 2019]
    assert [act.day for act in changes] == [date(2018, 12, 7), date(2019, 3, 22)]
    assert date(2019, 5, 2) not in changes[0].facts["holidays"]
    assert {date(2019, 5, 2), date(2019, 5, 3)} <= set(changes[1].facts["holidays"])


def test_every_expected_refusal_is_in_the_catalogue() -> None:
    expected = {act.expect for act in SCENARIO.acts if act.expect}
    assert {"window-not-open", "below-pass-mark", "own-office-reviewer", "wrong-stage"} <= expected
    assert expected <= REFUSALS.keys()


def test_the_days_on_which_answers_are_checked_lie_within_the_play() -> None:
    assert SCENARIO.checked_on
    assert all(SCENARIO.acts[0].day <= day <= SCENARIO.ends_on for day in SCENARIO.checked_on)


def test_all_ten_end_with_a_plaque_two_of_them_as_demonstration() -> None:
    awarded = [act for act in SCENARIO.acts if act.what == "award" and not act.expect]
    titles = {name: one["title"] for act in awarded for name, one in act.facts["plaques"].items()}
    assert titles.keys() == SCENARIO.codes.keys()
    assert Counter(titles.values()) == {"compliant": 8, "demonstration": 2}


def test_every_kind_of_line_is_played_somewhere() -> None:
    assert {act.what for act in SCENARIO.acts} == ACTS.keys()


async def test_a_line_that_nobody_knows_how_to_do_stops_the_play_before_it_begins(
    tmp_path: Path,
) -> None:
    odd = replace(SCENARIO, acts=[*SCENARIO.acts, replace(SCENARIO.acts[-1], what="dance")])
    with pytest.raises(ValueError, match="dance"):
        await play(URLS, Issuer(), tmp_path / "clock", odd)
    assert not (tmp_path / "clock").exists()


async def test_the_pace_is_kept_however_long_the_lines_take(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Time stands still here, so each pause is all that is still owed to the pace."""
    owed: list[float] = []

    async def pause(seconds: float) -> None:
        owed.append(seconds)

    monkeypatch.setattr("deploy.local.player.time.monotonic", lambda: 0.0)
    monkeypatch.setattr("deploy.local.player.asyncio.sleep", pause)
    await played(tmp_path, Services(SCENARIO), pace=2)
    days = (SCENARIO.ends_on - SCENARIO.acts[0].day).days
    assert len([one for one in owed if one]) == days
    assert owed[-1] == pytest.approx(2 * days / 30.4375)


def test_a_scenario_that_names_an_unknown_township_is_refused(tmp_path: Path) -> None:
    text = (Path(load.__code__.co_filename).with_name("shanting-2018.yaml")).read_text("utf-8")
    wrong = tmp_path / "wrong.yaml"
    wrong.write_text(text.replace("\n  凫城镇:", "\n  某某镇:"), encoding="utf-8")
    with pytest.raises(ValueError, match="某某镇"):
        load(wrong)
