"""A process that is killed in the midst of a line leaves it to the next one; nothing is lost."""

import asyncio
import os
import sys
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from deploy.cli import dead_letter_acts as acts
from deploy.cli.services import ROOT, Service, apply
from deploy.local.processes import Process, Processes, free_port
from shared.clock import system_clock
from shared.events.envelope import identity
from shared.messaging.parking import BEHIND, Parking
from shared.store.sql import insert_parked, parked_arrays
from tests.faults.dead_letters import BY, done, told
from tests.faults.followed import NOWHERE, rows
from tests.integration.test_messaging import until

RECORDS = 200


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Processes]:
    with Processes(tmp_path) as processes:
        yield processes


def serve(processes: Processes, name: str, database: str, port: int) -> Process:
    environment = {
        "FUYAN_DATABASE": database,
        "FUYAN_KAFKA": NOWHERE,
        "FUYAN_ISSUER": "https://identity.example",
        "FUYAN_JWKS_URL": "https://identity.example/jwks.json",
        "PYTHONPATH": os.pathsep.join([str(ROOT), os.environ.get("PYTHONPATH", "")]),
    }
    command = [sys.executable, "-m", "deploy.cli.main", "serve", "review", "--port", str(port)]
    return processes.start(name, command, environment, cwd=ROOT)


async def park(database: str) -> None:
    """A line of records that this image can follow; the first of them it could not before."""
    parking = Parking("review", system_clock, {})
    line = [
        parking.put(one, identity(one.headers), BEHIND if at else "broken")
        for at, one in enumerate(told("p/t", *(str(number) for number in range(RECORDS))))
    ]
    connection = await asyncpg.connect(database)
    try:
        await connection.execute(insert_parked(1), *parked_arrays(line))
        head = "INSERT INTO head VALUES ('dossier', 'p/t', $1, $2)"
        await connection.execute(head, RECORDS, line[-1].id)
    finally:
        await connection.close()


async def test_the_next_process_goes_on_where_the_killed_one_was(
    database: str, started: Processes
) -> None:
    await apply(Service.review, database, None)
    await park(database)
    (id_,) = await acts.redrive(database, [("dossier", "p/t")], BY)
    first = serve(started, "first", database, free_port())
    connection = await asyncpg.connect(database)
    try:
        records = 0
        async with asyncio.timeout(90):
            while records < 20:
                records = await connection.fetchval("SELECT records FROM dead_letter_act")
        first.kill()
        left = await connection.fetchval("SELECT count(*) FROM parked")
    finally:
        await connection.close()
    assert 0 < left < RECORDS
    port = free_port()
    serve(started, "second", database, port)
    (act,) = await done(database, [id_])
    assert (act["outcome"], act["records"]) == ("drained", RECORDS)
    kept = await rows(database, "SELECT version, arrival FROM heard ORDER BY arrival")
    assert kept == [(number, number) for number in range(1, RECORDS + 1)]
    async with httpx.AsyncClient() as web:

        async def counted() -> bool:
            return (
                'fuyan_parked_keys{service="review"} 0.0'
                in (await web.get(f"http://127.0.0.1:{port}/metrics")).text
            )

        await until(counted)
