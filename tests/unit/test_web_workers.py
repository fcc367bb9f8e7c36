"""Work off the event loop: it refuses as it would here, has an end, and leaves no process."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from shared.contracts.refusals import Refused
from shared.web.workers import Workers


def double(number: int) -> int:
    return number * 2


def pid() -> int:
    return os.getpid()


def refuse() -> None:
    raise Refused("cell-too-fine", said="1.005", places=2)


def fail() -> None:
    raise ZeroDivisionError


def spin() -> None:
    while True:
        pass


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def wait_for(path: str) -> None:
    while not os.path.exists(path):
        time.sleep(0.01)


@pytest.fixture
async def workers() -> AsyncIterator[Workers]:
    started = Workers(processes=1, cpu_at_most_s=2)
    yield started
    await started.end()


async def test_work_is_done_elsewhere(workers: Workers) -> None:
    assert await workers.run(double, 21) == 42
    assert await workers.run(pid) != os.getpid()


async def test_a_refusal_comes_back_with_its_facts(workers: Workers) -> None:
    with pytest.raises(Refused) as refused:
        await workers.run(refuse)
    assert (refused.value.code, refused.value.facts) == (
        "cell-too-fine",
        {"said": "1.005", "places": 2},
    )
    assert await workers.run(double, 1) == 2


async def test_a_fault_of_ours_stays_one(workers: Workers) -> None:
    with pytest.raises(ZeroDivisionError):
        await workers.run(fail)


async def test_work_without_end_is_given_up_and_the_next_is_done(workers: Workers) -> None:
    with pytest.raises(Refused) as refused:
        await workers.run(spin)
    assert refused.value.code == "work-too-long"
    assert await workers.run(double, 2) == 4


async def test_a_worker_that_was_killed_is_replaced(workers: Workers) -> None:
    with pytest.raises(Refused) as refused:
        await workers.run(die)
    assert refused.value.code == "workers-lost"
    assert await workers.run(double, 2) == 4


async def test_the_queue_has_an_end(workers: Workers, tmp_path: Path) -> None:
    gate = str(tmp_path / "gate")
    waiting = [asyncio.create_task(workers.run(wait_for, gate)) for _ in range(16)]
    await asyncio.sleep(0)
    with pytest.raises(Refused) as refused:
        await workers.run(double, 2)
    assert (refused.value.code, refused.value.facts) == ("workers-busy", {"retry_after_s": 5})
    await asyncio.to_thread(Path(gate).touch)
    await asyncio.gather(*waiting)


async def test_none_is_left_behind() -> None:
    started = Workers(processes=2)
    process = psutil.Process(await started.run(pid))
    await started.end()
    assert not process.is_running()


def test_a_script_that_runs_when_it_is_imported_is_not_run_again(tmp_path: Path) -> None:
    script = tmp_path / "installed"
    script.write_text(
        "import asyncio\n"
        "from shared.web.workers import Workers\n"
        "from tests.unit.test_web_workers import double\n"
        "async def main():\n"
        "    workers = Workers(1)\n"
        "    print('ran', await workers.run(double, 21))\n"
        "    await workers.end()\n"
        "asyncio.run(main())\n"
    )
    where = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=where, timeout=120
    )
    assert (done.returncode, done.stdout) == (0, "ran 42\n"), done.stderr


def test_a_worker_ends_with_a_service_that_was_killed() -> None:
    script = (
        "import asyncio, time\n"
        "from shared.web.workers import Workers\n"
        "from tests.unit.test_web_workers import pid\n"
        "async def main():\n"
        "    print(await Workers(1).run(pid), flush=True)\n"
        "    time.sleep(600)\n"
        "if __name__ == '__main__':\n"
        "    asyncio.run(main())\n"
    )
    service = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
    assert service.stdout is not None
    worker = psutil.Process(int(service.stdout.readline()))
    service.kill()
    service.wait()
    assert psutil.wait_procs([worker], timeout=30)[1] == []
