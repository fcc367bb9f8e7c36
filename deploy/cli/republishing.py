"""`fuyan events republish`: send again what was published, for a reader that lost it."""

import asyncio
import os
from datetime import UTC, datetime, timedelta
from datetime import time as hour
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer

from deploy.cli import house
from deploy.cli.adopting import OWN
from deploy.cli.house import Exit
from deploy.cli.services import Service
from deploy.cli.telling import Actor, AsJson, answer, bar, explained, fail, who
from shared.clock import SHANGHAI
from shared.contracts.registry import CONTRACTS_URL
from shared.messaging.republishing import Republishing, Which
from shared.progress import Progress
from shared.store.reading import Reader
from shared.store.session import connect

_DAYS = ["%Y-%m-%d"]


def republish(
    service: Annotated[Service, typer.Argument(help="Whose log to send from.")],
    stream: Annotated[
        str, typer.Option("--stream", help="One stream alone: CONTEXT/SUBJECT.")
    ] = "",
    begin: Annotated[
        datetime | None,
        typer.Option("--from", formats=_DAYS, help="Recorded from this day on, in Shanghai."),
    ] = None,
    until: Annotated[
        datetime | None,
        typer.Option("--until", formats=_DAYS, help="With --from: to the end of this day."),
    ] = None,
    everything: Annotated[bool, typer.Option("--all", help="The whole log.")] = False,
    actor: Actor = "",
    as_json: AsJson = False,
) -> None:
    """重发已发布过的事件 · Send again what was published already, in the order of the log.

    The service goes on meanwhile; readers know a duplicate by its subject and version. Who asked
    is recorded. Nothing is sent that the service has not published itself. Where something was
    erased by law, the service empties and fills its topics once more afterwards: it cannot tell
    this from a stranger's hand.

    Exit codes: 0 sent; 1 not published yet, no such event, or Kafka was emptied meanwhile; 2 asked
    wrongly; 3 the database or Kafka does not answer.
    """
    if service not in OWN:
        fail(Exit.USAGE, "projection 没有自己的主题", "projection has no topic of its own")
    if [bool(stream), begin is not None, everything].count(True) != 1 or (until and not begin):
        fail(
            Exit.USAGE,
            "请在 --stream、--from [--until]、--all 中选一项",
            "give one of --stream, --from [--until], --all",
        )
    context, _, subject = stream.partition("/")
    if stream and (context not in OWN[service] or not subject):
        fail(
            Exit.USAGE,
            f"--stream 应为 {'、'.join(OWN[service])}/编号",
            f"--stream is {' or '.join(OWN[service])}, then a slash and the subject",
        )
    which = Which(
        stream=(context, subject) if stream else None,
        begin=None if begin is None else _midnight(begin),
        until=None if until is None else _midnight(until) + timedelta(days=1),
    )
    asked = {"stream": stream or None, "from": begin, "until": until, "all": everything}
    with explained(), bar(as_json) as told:
        sent = asyncio.run(_republish(service, which, asked, who(actor), told))
    answer({"sent": sent}, f"已重发 {sent} 条", f"{sent} events were sent again", as_json)


def _midnight(day: datetime) -> datetime:
    return datetime.combine(day.date(), hour(), SHANGHAI)


async def _republish(
    service: Service, which: Which, asked: dict[str, Any], actor: str, told: Progress
) -> int:
    database = house.database(service)
    reader = Reader(database, service)
    try:
        url = os.environ.get("FUYAN_CONTRACTS_URL") or CONTRACTS_URL
        again = Republishing(reader, house.kafka(), house.installation(), url, which)
        count = await again.count()
        await record(database, "republish", actor, {**asked, "count": count})
        sent = await again.run(count, told)
        await record(database, "republished", actor, {**asked, "count": sent})
        return sent
    finally:
        reader.close()


async def record(database: str, act: str, actor: str, told: dict[str, Any]) -> None:
    """Put on record for ever what a person does to the record, or is about to see of it."""
    connection = await connect(database, "fuyan-operator")
    try:
        await connection.execute(
            "INSERT INTO operator_act (id, act, actor, told, at) VALUES ($1, $2, $3, $4, $5)",
            uuid4(), act, actor, orjson.dumps(told, default=str).decode(), datetime.now(UTC),
        )  # fmt: skip
    finally:
        await connection.close()
