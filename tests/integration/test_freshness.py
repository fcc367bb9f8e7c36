"""Each answer with state waits for what its reader wrote, or says 503; never an older 200."""

import asyncio
import re
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from deploy.cli.services import Service
from services.projection.journal import Journal
from services.submission.app import new_log
from services.submission.settings import SubmissionSettings
from shared.messaging.kafka import Kafka
from shared.store.command import Heard
from shared.store.streams import Stream, Unavailable
from shared.web.freshness import ADDRESS
from tests.integration.projection import projection
from tests.integration.review import FIRST
from tests.integration.submission import submission
from tests.integration.surfaces import (
    NAMED,
    PROGRAMME,
    Surface,
    in_whose_name,
    opening,
    sample,
    surface,
)
from tests.integration.test_log import terminate_writer
from tests.unit.test_models import told
from tests.unit.web_app import settings_for

PRACTICE = {"title": "联合执法", "summary": "每月一次", "publicity": "internal"}

NO_STATE = {
    "/v1/problems": "the catalogue of refusals is part of the image",
    "/v1/contracts": "so are the schemas",
    "/v1/keys": "signing keys are the installation's, and no event says them",
}
"""Reading routes that take no `at_least`, by the beginning of their path, and why."""
OWN = {
    Service.submission: "dossier/shanting-2018/370406001",
    Service.review: "programme/shanting-2018",
    Service.notification: "notice/shanting-2018/370406-safety",
    Service.projection: "dossier/shanting-2018/A",
}
HEARD = {
    Service.submission: "case/shanting-2018/370406001/1",
    Service.review: "dossier/shanting-2018/370406001",
    Service.notification: "dossier/shanting-2018/370406001",
    Service.projection: "case/shanting-2018/A/7",
}
ELSEWHERE = {
    Service.submission: "notice/shanting-2018/370406001-office",
    Service.review: "notice/shanting-2018/370406001-office",
    Service.projection: "notice/shanting-2018/370406001-office",
}


def readings(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in document["paths"].items():
        if path.startswith("/v1/") and "get" in operations:
            yield path, operations["get"]


def excused(path: str) -> bool:
    return any(path == name or path.startswith(f"{name}/") for name in NO_STATE)


def address(path: str, reading: dict[str, Any], document: dict[str, Any], where: str) -> str:
    parameters = {one["name"]: one for one in reading.get("parameters", ())}

    def value(name: str) -> str:
        return str(NAMED.get(name) or sample(parameters[name]["schema"], document))

    filled = re.sub(r"\{(.+?)\}", lambda one: value(one[1]), path)
    needed = [
        f"{name}={value(name)}"
        for name, one in parameters.items()
        if one["in"] == "query" and one.get("required")
    ]
    return f"{filled}?{'&'.join([*needed, f'at_least={where}', 'wait=1s'])}"


def asker(serving: Surface, reading: dict[str, Any]) -> dict[str, str]:
    role = next(one for one in ("auditor", *reading["x-roles"]) if one in reading["x-roles"])
    officer, organisation = in_whose_name(role)
    return serving.who(officer, organisation, role)


@pytest.mark.parametrize("service", list(Service))
async def test_every_reading_route_waits_for_what_is_named_or_says_so(
    service: Service, database: str, tmp_path: Path
) -> None:
    async with surface(service, database, tmp_path / "clock") as serving:
        document = serving.app.openapi()
        state = [(path, one) for path, one in readings(document) if not excused(path)]
        assert len(state) > 5
        for path, one in state:
            named = {each["name"] for each in one["parameters"]}
            assert {"at_least", "wait"} <= named, f"{path} takes no at_least"

        async def asked(path: str, one: dict[str, Any], where: str) -> tuple[str, int, Any, Any]:
            answer = await serving.http.get(
                address(path, one, document, where), headers=asker(serving, one)
            )
            told = answer.json() if answer.status_code >= 400 else {}
            return path, answer.status_code, told.get("code"), answer.headers.get("retry-after")

        # The pool of readers is not what is tested here.
        turns = asyncio.Semaphore(16)

        async def in_turn(path: str, one: dict[str, Any], where: str) -> tuple[str, int, Any, Any]:
            async with turns:
                return await asked(path, one, where)

        late = await asyncio.gather(
            *(in_turn(path, one, f"{OWN[service]}@99999") for path, one in state),
            *(in_turn(path, one, f"{HEARD[service]}@99999") for path, one in state[:2]),
        )
        wrong = [one for one in late if one[1:] != (503, "not-yet-visible", "1")]
        assert wrong == []

        path, one = state[0]
        if service in ELSEWHERE:
            told = await asked(path, one, f"{ELSEWHERE[service]}@1")
            assert told[1:3] == (422, "at-least-elsewhere")
        assert (await asked(path, one, "somewhere/else"))[1:3] == (422, "invalid-parameter")


@pytest.mark.parametrize("service", list(Service))
async def test_no_command_says_that_it_waits(
    service: Service, database: str, tmp_path: Path
) -> None:
    async with surface(service, database, tmp_path / "clock") as serving:
        for path, operations in serving.app.openapi()["paths"].items():
            for method, operation in operations.items():
                names = {one["name"] for one in operation.get("parameters", ())}
                if not names.isdisjoint({"at_least", "wait"}):
                    assert method in ("get", "head"), f"{method} {path}"


async def test_what_is_parked_is_said_at_once_and_others_are_not_held_up(
    database: str, tmp_path: Path
) -> None:
    async with surface(Service.submission, database, tmp_path / "clock") as serving:
        log = serving.app.state.reached.__self__
        await log.rows(
            "INSERT INTO parked (context, key, seq, subject, version, id, topic, partition,"
            ' "offset", headers, value, reason, attempts, parked_at) VALUES'
            " ('case', $1, 1, $2, 1, gen_random_uuid(), 'fuyan.case.v1', 0, 0, '[]', '', 'bad', 1,"
            " now())",
            f"{PROGRAMME}/370406001",
            f"{PROGRAMME}/370406001/1",
        )
        who = serving.who("auditor-1", "anywhere", "auditor")
        here = f"/v1/dossiers/{PROGRAMME}/370406001"
        parked = await serving.http.get(
            f"{here}?at_least=case/{PROGRAMME}/370406001/1@1&wait=10s", headers=who
        )
        assert (parked.status_code, parked.json()["code"]) == (503, "parked")
        other = f"at_least=case/{PROGRAMME}/370406100/1@1&wait=1s"
        late = await serving.http.get(f"{here}?{other}", headers=who)
        assert late.json()["code"] == "not-yet-visible"


async def test_nobody_is_waited_for_who_has_not_signed_in(database: str, tmp_path: Path) -> None:
    async with surface(Service.submission, database, tmp_path / "clock") as serving:
        asked = await serving.http.get(
            f"/v1/dossiers/{PROGRAMME}/370406001?at_least=dossier/{PROGRAMME}/370406001@9&wait=10s"
        )
        assert (asked.status_code, asked.json()["code"]) == (401, "not-signed-in")


def test_an_address_fits_what_a_store_counts_with() -> None:
    assert ADDRESS.fullmatch("dossier/a/b@999999999")
    assert not ADDRESS.fullmatch("dossier/a/b@9999999999")


async def test_a_replica_that_lags_answers_late_and_never_older(
    database: str, tmp_path: Path
) -> None:
    """It folds nothing itself: how far it is, it hears from the database a moment later."""
    async with projection(database, tmp_path / "clock") as writing:
        await writing.journal.tell(told().received)
        replica = Journal(database, Kafka("127.0.0.1:1"), writing.journal.clock)
        heard = Heard("dossier", f"{PROGRAMME}/A", 1)
        assert await writing.journal.reached(heard, 1) == "reached"
        assert await replica.reached(heard, 0.2) == "not-yet"
        watching = asyncio.create_task(replica._watch())
        assert await replica.reached(heard, 10) == "reached"
        async with replica.snapshot() as models:
            assert models.position >= replica.position > 0
        watching.cancel()
        await asyncio.gather(watching, return_exceptions=True)
        replica.close()


async def test_a_process_that_took_over_has_all_that_was_promised_by_the_one_before(
    database: str, tmp_path: Path
) -> None:
    """What the first acknowledged, the second shows at once; while it stands by it says 503."""
    day, clock = date(2018, 9, 5), tmp_path / "clock"
    async with submission(database, clock, day, opening()) as first:
        done = await first.post("good-practices", PRACTICE, "head")
        where = f"dossier/{PROGRAMME}/{FIRST}@{done.json()['version']}"
        second = new_log(
            settings_for(first.issuer, SubmissionSettings, database=database, clock=str(clock))
        )
        async with second.tenures([]):
            named = ADDRESS.fullmatch(where)
            assert named is not None
            stream, version = Stream(named[1], named[2]), int(named[3])
            with pytest.raises(Unavailable):
                await second.state(stream)
            await terminate_writer(database)
            answered: list[int] = []
            async with asyncio.timeout(20):
                while not answered:
                    for log in (first.log, second):
                        with suppress(Unavailable):
                            answered.append((await log.state(stream))[0])
                            assert await log.reached(Heard(*stream, version), 1) == "reached"
                    await asyncio.sleep(0.01)
            assert set(answered) == {version}
