"""What must be true of each database, whatever it holds: settings, lease, claims, what waits."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
from alembic.config import Config
from alembic.script import ScriptDirectory

from deploy.cli.services import ROOT, Service
from deploy.doctor.finding import Finding, listed, skipped, well, wrong
from shared.store.session import LEASE, connect

CLOCK_S = 2.0
NAME = "fuyan-doctor"
_TRIED = 0x66757964
"""An advisory lock of nobody else's, to see whether two sessions are two."""
_DURABLE = ("fsync", "full_page_writes", "synchronous_commit")

Look = Callable[[Service, asyncpg.Connection], Awaitable[Finding]]


async def direct(service: Service, database: str) -> Finding:
    """Two sessions are two: a pooler would let two writers share one lease."""
    check = f"pooler/{service}"
    first, second = await connect(database, NAME), await connect(database, NAME)
    try:
        pids = [await one.fetchval("SELECT pg_backend_pid()") for one in (first, second, first)]
        took = await first.fetchval("SELECT pg_try_advisory_lock($1)", _TRIED)
        both = took and await second.fetchval("SELECT pg_try_advisory_lock($1)", _TRIED)
    finally:
        first.terminate()
        second.terminate()
    if pids[0] == pids[1] or pids[0] != pids[2] or both:
        return wrong(
            check,
            (
                "会话共用一个后端：中间有连接池",
                "two sessions share a backend: a pooler between",
            ),
            ("请让 FUYAN_DATABASE 直连数据库", "Let FUYAN_DATABASE lead to the server itself"),
        )
    return well(check, "直连数据库", "a direct connection")


async def durable(service: Service, connection: asyncpg.Connection) -> Finding:
    """Acknowledged means written, unless somebody turned that off."""
    rows = await connection.fetch(
        "SELECT name, setting FROM pg_settings WHERE name = ANY($1)", list(_DURABLE)
    )
    off = sorted(row["name"] for row in rows if row["setting"] == "off")
    if off:
        return wrong(
            f"durability/{service}",
            (f"已关闭：{listed(off)}，断电会丢失已确认的事件", f"off: {listed(off)}"),
            ("请在 postgresql.conf 中打开", "Turn them on: what was acknowledged can be lost"),
            off=off,
        )
    return well(f"durability/{service}", "确认即落盘", "acknowledged is written to disk")


async def clock(service: Service, connection: asyncpg.Connection) -> Finding:
    """The database's clock against this machine's, half a round trip allowed for."""
    begun = time.monotonic()
    theirs: datetime = await connection.fetchval("SELECT clock_timestamp()")
    trip = time.monotonic() - begun
    apart = abs((datetime.now(UTC) - theirs).total_seconds() - trip / 2)
    if apart > CLOCK_S:
        return wrong(
            f"clock/{service}",
            (f"数据库与本机时钟相差 {apart:.1f} 秒", f"its clock is {apart:.1f} s from this one"),
            ("请校准时钟（NTP）", "Set both by NTP"),
            apart_s=apart,
        )
    return well(f"clock/{service}", "时钟一致", "the clocks agree")


async def migrated(service: Service, connection: asyncpg.Connection) -> Finding:
    """The schema is that of this release."""
    config = Config()
    config.set_main_option("script_location", str(ROOT / "services" / service / "migrations"))
    wanted = ScriptDirectory.from_config(config).get_current_head()
    found = await connection.fetchval("SELECT version_num FROM alembic_version")
    if found != wanted:
        return wrong(
            f"migrations/{service}",
            (f"数据库结构为 {found}，本版本为 {wanted}", f"the schema is {found}, not {wanted}"),
            (f"请执行 `fuyan migrate {service}`", f"Run `fuyan migrate {service}`"),
            found=found,
            wanted=wanted,
        )
    return well(f"migrations/{service}", "数据库结构为本版本", "the schema is this release's")


async def leased(service: Service, connection: asyncpg.Connection) -> Finding:
    """Who holds the lease."""
    rows = await connection.fetch(
        "SELECT application_name, client_addr::text, locks.pid FROM pg_locks AS locks"
        " JOIN pg_stat_activity USING (pid) WHERE locktype = 'advisory' AND granted"
        " AND objsubid = 1 AND classid = 0 AND objid = $1::bigint"
        " AND locks.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        LEASE,
    )
    if not rows:
        return skipped(
            f"lease/{service}", "现在没有进程在写库", "no process holds its lease at the moment"
        )
    name, address, pid = rows[0]
    where = f"{name}, {address or 'local'}, pid {pid}"
    return well(f"lease/{service}", f"写库进程：{where}", f"written by {where}", pid=pid)


async def parked(service: Service, connection: asyncpg.Connection) -> Finding:
    """Keys that a poison record holds up."""
    rows = await connection.fetch(
        "SELECT context, key, count(*) AS records, min(parked_at) AS since FROM parked"
        " GROUP BY context, key ORDER BY context, key"
    )
    if rows:
        keys = [f"{row['context']}/{row['key']} ({row['records']})" for row in rows]
        return wrong(
            f"parked/{service}",
            (f"搁置待处理：{listed(keys)}", f"parked: {listed(keys)}"),
            (
                "请以 `fuyan dead-letters list` 查明原因，再重放或放弃",
                "See `fuyan dead-letters list`, then redrive or discard",
            ),
            keys=keys,
        )
    return well(f"parked/{service}", "没有搁置的事项", "nothing is parked")


async def claims(service: Service, connection: asyncpg.Connection) -> Finding:
    """Each claim has its command, and each command the events that it says."""
    check = f"claims/{service}"
    orphans = await connection.fetch(
        "SELECT kind || ' ' || value FROM claim LEFT JOIN command ON command.key = claim.command"
        " WHERE command.key IS NULL ORDER BY 1 LIMIT 100"
    )
    # A command's first and last event are its own; those between are, since it was one append.
    broken = await connection.fetch(
        "SELECT encode(key, 'hex') FROM command"
        " LEFT JOIN log AS begun ON begun.position = first"
        " LEFT JOIN log AS ended ON ended.position = last AND last > 0"
        " WHERE first IS NOT NULL AND (begun.command IS DISTINCT FROM key"
        " OR ended.command IS DISTINCT FROM key) ORDER BY 1 LIMIT 100"
    )
    keyless = await connection.fetch(
        "SELECT '#' || position FROM log LEFT JOIN command AS done ON done.key = log.command"
        " WHERE done.key IS NULL ORDER BY position LIMIT 100"
    )
    wrongs = [row[0] for rows in (orphans, broken, keyless) for row in rows]
    if wrongs:
        return wrong(
            check,
            (f"占用、命令与事件不符：{listed(wrongs)}", f"do not fit together: {listed(wrongs)}"),
            (
                "请停止该服务，自备份恢复后执行 `fuyan events adopt`",
                "Stop the service, restore a backup and run `fuyan events adopt`",
            ),
            claims=[row[0] for row in orphans],
            commands=[row[0] for row in broken],
            events=[row[0] for row in keyless],
        )
    return well(check, "占用、命令与事件相符", "claims, commands and events fit together")


async def relayed(
    service: Service, connection: asyncpg.Connection, tip: int, wait_s: float
) -> Finding:
    """How far the relay is behind, after a moment to catch up."""
    check = f"relay/{service}"
    until = asyncio.get_running_loop().time() + wait_s
    while True:
        sent = await connection.fetchval("SELECT coalesce(max(position), 0) FROM published")
        if sent >= tip:
            return well(check, "已全部发布", "all of it is published", published=sent, tip=tip)
        if asyncio.get_running_loop().time() > until:
            return wrong(
                check,
                (f"还有 {tip - sent} 件未发布", f"{tip - sent} events are not published yet"),
                (
                    "请查看该服务 /readyz 的 degraded 与 Kafka",
                    "See what its /readyz says under degraded, and Kafka",
                ),
                published=sent,
                tip=tip,
            )
        await asyncio.sleep(0.2)
