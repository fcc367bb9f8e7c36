"""What became of commands whose answer was lost: known once their session is gone."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress

import structlog

from shared.store.batch import Wish, by_key, failed
from shared.store.session import LOST, Session, connect
from shared.store.streams import Unavailable, Written

# How long a caller may wait for the truth before it is told to ask again.
SETTLE_S = 10.0
AGAIN_S = 0.2

logger = structlog.get_logger(__name__)


async def settle(database: str, name: str, unknown: Sequence[Wish], session: Session) -> None:
    """Answer each wish by its key; where nobody can tell in time, say so (outcome-unknown)."""
    error: Exception = Unavailable("outcome-unknown")
    try:
        async with asyncio.timeout(SETTLE_S):
            while True:
                with suppress(*LOST):
                    await _answer(database, name, unknown, session)
                    error = Unavailable("store-unavailable")
                    return
                await asyncio.sleep(AGAIN_S)
    except TimeoutError:
        await logger.awarning("outcome unknown", wishes=len(unknown))
    finally:
        failed(unknown, error)


async def _answer(database: str, name: str, unknown: Sequence[Wish], session: Session) -> None:
    connection = await connect(database, name)
    try:
        while await connection.fetchval(
            "SELECT count(*) FROM pg_stat_activity WHERE pid = $1 AND backend_start = $2",
            session.pid,
            session.started,
        ):
            await asyncio.sleep(AGAIN_S)
        waiting = by_key(unknown)
        rows = await connection.fetch(
            "SELECT key, fingerprint, stream, version, last FROM command WHERE key = ANY($1)",
            list(waiting),
        )
        for key, fingerprint, stream, version, last in rows:
            for wish in waiting[key]:
                command = wish.command
                if command and command.fingerprint == fingerprint and not wish.answer.done():
                    wish.answer.set_result(Written(stream, version, last))
    finally:
        connection.terminate()
