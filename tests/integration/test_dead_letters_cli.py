"""Operators see what is parked by `fuyan dead-letters`, and ask; the service carries it out."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner, Result

from deploy.cli import dead_letter_acts as acts
from deploy.cli.main import app
from tests.faults.dead_letters import Reviewing, done, reviewer, told
from tests.faults.followed import rows

WHO = ("--actor", "city:ops-1", "--reason", "the image was mended")


@dataclass(slots=True)
class Operator:
    """Somebody at a command line, beside a service that may run or not."""

    review: Reviewing

    async def __call__(self, *arguments: str) -> Result:
        return await ran(self.review.database, *arguments)

    async def json(self, *arguments: str) -> Any:
        return json.loads((await self(*arguments, "--json")).stdout)


async def ran(database: str, *arguments: str) -> Result:
    def invoke() -> Result:
        env = {"FUYAN_DATABASE_REVIEW": database, "COLUMNS": "300"}
        return CliRunner().invoke(app, ["dead-letters", *arguments], env=env)

    with capture_logs():  # what the service says meanwhile is not what the command says
        return await asyncio.to_thread(invoke)


@pytest.fixture
async def fuyan(database: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Operator]:
    """Two keys are parked: p/t with a record behind, and p/u."""
    async with reviewer(database, monkeypatch) as review:
        review.broken.add("1")
        await review.take(*told("p/t", "1", "2"), *told("p/u", "1"))
        yield Operator(review)


async def test_a_list_has_a_line_for_each_key_and_says_why(fuyan: Operator) -> None:
    first, second = await fuyan.json("list", "review")
    assert (first["context"], first["key"], first["records"]) == ("dossier", "p/t", 2)
    assert (second["key"], second["records"], second["reason"]) == ("p/u", 1, "Broken: 1")
    said = await fuyan("list", "review")
    assert said.exit_code == 0
    assert "dossier p/u  1 条 records" in said.stdout


async def test_a_line_is_shown_in_order_and_without_its_content(fuyan: Operator) -> None:
    first, second = await fuyan.json("show", "review", "dossier", "p/t")
    assert [first["seq"], second["seq"]] == [1, 2]
    assert (first["topic"], first["offset"], first["attempts"]) == ("fuyan.dossier.v1", 1, 1)
    assert dict(first["headers"])["ce_subject"] == "p/t"
    assert "content" not in first
    assert '"reason":"1"' not in (await fuyan("show", "review", "dossier", "p/t")).stdout
    assert await fuyan.json("list", "review", "--acts") == []


async def test_whoever_looks_at_the_content_is_on_record(fuyan: Operator) -> None:
    first, _ = await fuyan.json("show", "review", "dossier", "p/t", "--content", *WHO)
    assert json.loads(first["content"])["reason"] == "1"
    (act,) = await fuyan.json("list", "review", "--acts")
    assert (act["act"], act["actor"], act["key"]) == ("show", "city:ops-1", "p/t")
    assert act["done_at"] is not None


async def test_a_redrive_waits_for_the_service_and_says_what_came_of_it(fuyan: Operator) -> None:
    fuyan.review.broken.clear()
    said = await fuyan("redrive", "review", "dossier", "p/t", *WHO)
    assert said.exit_code == 0, said.output
    assert "drained, 2 条 records" in said.stdout
    assert await fuyan.review.officers() == ["1", "2"]
    assert await fuyan.review.parked() == [("p/u", 1)]
    history = await fuyan("list", "review", "--acts")
    assert "redrive dossier p/t city:ops-1: the image was mended" in history.stdout


async def test_all_keys_are_redriven_each_on_its_own_record(fuyan: Operator) -> None:
    fuyan.review.broken.clear()
    said = await fuyan.json("redrive", "review", "--all", *WHO)
    assert [(act["key"], act["outcome"], act["records"]) for act in said] == [
        ("p/t", "drained", 2),
        ("p/u", "drained", 1),
    ]
    assert (await fuyan("redrive", "review", "--all", *WHO)).exit_code == 0


async def test_a_record_that_fails_again_is_exit_1_with_its_reason(fuyan: Operator) -> None:
    said = await fuyan("redrive", "review", "dossier", "p/t", *WHO)
    assert said.exit_code == 1
    assert "stopped" in said.stdout
    assert "p/t@1 (seq 1): Broken: 1" in said.stdout


async def test_a_record_is_given_up_by_its_place(fuyan: Operator) -> None:
    said = await fuyan("discard", "review", "dossier", "p/t", "1", *WHO)
    assert said.exit_code == 0, said.output
    assert await fuyan.review.officers() == ["2"]
    assert await rows(fuyan.review.database, "SELECT key, seq FROM discarded") == [("p/t", 1)]
    assert (await fuyan("discard", "review", "dossier", "p/t", "1", *WHO)).exit_code == 1


WRONGLY: tuple[tuple[int, tuple[str, ...]], ...] = (
    (1, ("redrive", "review", "dossier", "p/none", *WHO)),
    (1, ("show", "review", "dossier", "p/none")),
    (2, ("redrive", "review", *WHO)),
    (2, ("redrive", "review", "dossier", *WHO)),
    (2, ("redrive", "review", "dossier", "p/t", "--all", *WHO)),
    (2, ("redrive", "review", "--all", "--actor", "ops", "--reason", "why")),
    (2, ("redrive", "review", "--all", "--actor", "city:ops", "--reason", " ")),
    (2, ("redrive", "review", "--all", "--actor", "city:ops")),
    (2, ("show", "review", "dossier", "p/t", "--content")),
    (2, ("list", "notification")),
)


async def test_what_is_asked_wrongly_is_said_and_not_recorded(fuyan: Operator) -> None:
    for code, arguments in WRONGLY:
        said = await fuyan(*arguments)
        assert (arguments, said.exit_code) == (arguments, code)
        assert said.stderr
    assert await fuyan.json("list", "review", "--acts") == []


async def test_a_database_that_is_away_is_exit_3() -> None:
    said = await ran("postgresql://postgres@127.0.0.1:1/none", "list", "review")
    assert said.exit_code == 3
    assert "did not answer" in said.stderr


async def test_a_wish_stays_until_a_process_runs(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with reviewer(database, monkeypatch) as review:
        review.broken.add("1")
        await review.take(*told("p/t", "1"))
    fuyan = Operator(review)
    said = await fuyan("redrive", "review", "dossier", "p/t", *WHO)
    assert said.exit_code == 3
    assert "no process of this service runs" in said.stderr
    (act,) = await acts.found(database, acts.ACTS)
    assert act["done_at"] is None
    async with reviewer(database, monkeypatch) as review:
        (act,) = await done(database, [act["id"]])
        assert act["outcome"] == "drained"
        assert await review.officers() == ["1"]


async def test_who_does_not_wait_is_told_that_it_is_asked(fuyan: Operator) -> None:
    fuyan.review.broken.clear()
    said = await fuyan("redrive", "review", "dossier", "p/t", "--no-wait", *WHO)
    assert said.exit_code == 0
    (act,) = await acts.found(fuyan.review.database, acts.ACTS)
    (act,) = await done(fuyan.review.database, [act["id"]])
    assert act["outcome"] == "drained"
