"""All looks at the house, in an order in which what is in flight has time to arrive."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg

from deploy.cli.services import Service
from deploy.doctor import heads, running, stores
from deploy.doctor.finding import Finding, away, listed, skipped, well, wrong
from deploy.doctor.ledger import Place
from deploy.doctor.record import (
    JOURNALED,
    KEPT,
    WRITERS,
    Logs,
    compared,
    extra,
    read_log,
    read_rows,
    read_topic,
    settled,
)
from shared.contracts.registry import CONTEXTS
from shared.messaging.kafka import SILENT, Kafka
from shared.messaging.topics import TopicMismatch, declared, standing
from shared.progress import Progress
from shared.store.session import LOST, connect

STATEMENT_S = "60s"
_GONE = (*LOST, asyncpg.PostgresError, OSError)


@dataclass(frozen=True, slots=True)
class House:
    """Where everything is, and how long what is in flight may take."""

    databases: Mapping[Service, str]
    kafka: Kafka
    installation: str
    urls: Mapping[Service, str]
    wait_s: float


async def examine(
    house: House, progress: Progress, raising: Collection[str] = ()
) -> AsyncIterator[Finding]:
    """Finding by finding; it only reads, beside services that run or without them."""
    # Here, for another service must start where this one is not installed.
    from deploy.doctor import models

    logs = Logs()
    for service in Service:
        async for one in _store(service, house, logs, progress):
            yield one
    for context in WRITERS:
        yield await _topic(context, house, logs, progress)
    for service, table in (
        (Service.projection, "journal"),
        *((service, "heard") for service in KEPT),
    ):
        async for one in _copies(service, table, house, logs, progress):
            yield one
    yield await _looked(
        "read-model", Service.projection, house, lambda c: models.folded(c, progress)
    )
    yield await _topics(house)
    told, silent = await running.versions(house.urls)
    for one in (*silent, *running.emission(told, raising)):
        yield one


@asynccontextmanager
async def _session(database: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await connect(database, stores.NAME, statement_timeout=STATEMENT_S)
    try:
        yield connection
    finally:
        connection.terminate()


async def _looked(
    check: str,
    service: Service,
    house: House,
    look: Callable[[asyncpg.Connection], Awaitable[Finding]],
) -> Finding:
    try:
        async with _session(house.databases[service]) as connection:
            return await look(connection)
    except _GONE as error:
        return away(check, f"{service} 的数据库 / the {service} database", error)


async def _store(
    service: Service, house: House, logs: Logs, progress: Progress
) -> AsyncIterator[Finding]:
    database = house.databases[service]
    try:
        yield await stores.direct(service, database)
        async with _session(database) as connection:
            for look in (stores.durable, stores.clock, stores.migrated, stores.leased):
                yield await look(service, connection)
            yield await stores.parked(service, connection)
            if service in WRITERS.values():
                yield await read_log(service, connection, house.installation, logs, progress)
                yield await heads.signed(service, connection, house.installation)
                yield await stores.claims(service, connection)
                tip = logs.tips[service]
                yield await stores.relayed(service, connection, tip, house.wait_s)
    except _GONE as error:
        yield away(f"database/{service}", f"{service} 的数据库 / the {service} database", error)


async def _topic(context: str, house: House, logs: Logs, progress: Progress) -> Finding:
    check = f"topic/{context}"
    if context not in logs.told:
        return skipped(check, "日志未读到，未核对", "its log could not be read")
    try:
        copy, strange = await read_topic(
            context, house.kafka, house.installation, logs.told[context], progress
        )
        async with _session(house.databases[WRITERS[context]]) as log:
            extras = await extra(copy, context, log)
    except (*SILENT, TopicMismatch, *_GONE) as error:
        return away(check, "Kafka", error)
    return compared(
        check,
        context,
        copy,
        extras,
        strange=strange,
        do=(
            "缺少的请以 `fuyan events republish` 补发；多出或不同的，请查明谁写入过该主题",
            "Republish what is missing (`fuyan events republish`); where there is more or another,"
            " find out who else writes this topic",
        ),
    )


async def _copies(
    service: Service, table: str, house: House, logs: Logs, progress: Progress
) -> AsyncIterator[Finding]:
    wanted = JOURNALED if table == "journal" else KEPT[service]
    told = {context: logs.told[context] for context in wanted if context in logs.told}
    name = "journal" if table == "journal" else f"heard/{service}"
    for context in wanted:
        if context not in told:
            yield skipped(f"{name}/{context}", "日志未读到，未核对", "its log could not be read")
    try:
        async with _session(house.databases[service]) as connection:
            late = await settled(connection, told, house.wait_s)
            given_up = await _given_up(connection)
            place = "position" if table == "journal" else "arrival"
            copies = await read_rows(connection, table, place, told, house.installation, progress)
            waiting = {
                (row[0], row[1])
                for row in await connection.fetch("SELECT DISTINCT context, key FROM parked")
            }
    except _GONE as error:
        yield away(name, f"{service} 的数据库 / the {service} database", error)
        return
    for context, copy in copies.items():
        key = CONTEXTS[context].key
        behind = [one for one in late.get(context, ()) if (context, key(one)) not in waiting]
        if behind:
            yield _late(f"{name}/{context}", context, behind)
            continue
        blocked = frozenset(late.get(context, ()))
        excused = [
            one for one in copy.missing() if one[0] in blocked or (context, *one) in given_up
        ]
        extras = await _extras(copy, context, house)
        yield compared(
            f"{name}/{context}", context, copy, extras, excused=excused, do=_AGAIN[table]
        )


async def _extras(copy: object, context: str, house: House) -> list[Place]:
    async with _session(house.databases[WRITERS[context]]) as log:
        return await extra(copy, context, log)  # type: ignore[arg-type]


_AGAIN = {
    "journal": (
        "请停止 projection，自备份恢复其数据库后再启动；读模型随后重建",
        "Stop the projection, restore its database from a backup and start it again;"
        " then rebuild the read models",
    ),
    "heard": (
        "请停止该服务，自备份恢复其数据库后再启动",
        "Stop that service, restore its database from a backup and start it again",
    ),
}


def _late(check: str, context: str, behind: list[str]) -> Finding:
    names = [f"{context}/{subject}" for subject in behind]
    return wrong(
        check,
        (f"尚未收到：{listed(names)}", f"has not heard yet: {listed(names)}"),
        (
            "请查看该服务 /readyz 的 degraded；若为“升级”，请先升级该服务",
            "See what its /readyz says under degraded; upgrade it where that says so",
        ),
        late=names,
    )


async def _given_up(connection: asyncpg.Connection) -> set[tuple[str, str, int]]:
    """What a person decided to go on without."""
    rows = await connection.fetch("SELECT context, subject, version FROM discarded")
    return {(row[0], row[1], row[2]) for row in rows}


async def _topics(house: House) -> Finding:
    try:
        wanted = declared()
        async with asyncio.timeout(30):
            found = await standing(house.kafka.bootstrap, wanted, **house.kafka.security)
    except SILENT as error:
        return away("topics", "Kafka", error)
    wrongs = [f"{name}: missing" for name in sorted(wanted.keys() - found.keys())]
    for name, topic in sorted(found.items()):
        asked = wanted[name]
        if topic.partitions != asked.partitions:
            wrongs.append(f"{name}: partitions {topic.partitions}, not {asked.partitions}")
        if topic.replication_factor < asked.replication_factor:
            wrongs.append(
                f"{name}: replication {topic.replication_factor}, not {asked.replication_factor}"
            )
        wrongs += [
            f"{name}: {key} is {value}, not {asked.config[key]}"
            for key, value in sorted(topic.config.items())
            if value != str(asked.config[key])
        ]
    if wrongs:
        return wrong(
            "topics",
            (f"主题设置不符：{listed(wrongs)}", f"not as declared: {listed(wrongs)}"),
            (
                "请改回 deploy/topics.yaml 所列设置（缺少的可 `fuyan topics apply`）",
                "Set them as deploy/topics.yaml says (`fuyan topics apply` makes missing ones)",
            ),
            wrong=wrongs,
        )
    return well("topics", "主题的分区、副本和保留期如所声明", "topics are as declared")
