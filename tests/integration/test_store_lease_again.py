"""The lease is taken again, however often and however early a tenure breaks."""

import asyncio

from shared.store.session import Lease, Session


async def test_a_session_that_ends_before_its_duties_begin_is_followed_by_another(
    database: str,
) -> None:
    begun = 0
    held = asyncio.Event()

    async def broken() -> None:
        raise ConnectionError("gone")

    async def tenure(session: Session) -> None:
        nonlocal begun
        begun += 1
        if begun == 1:  # a duty fails while the others are waited for
            async with asyncio.TaskGroup() as group:
                group.create_task(broken())
        if begun == 2:  # and then the session, before there is a duty
            session.end()
            async with session.turn() as connection:
                await connection.fetchval("SELECT 1")
        held.set()

    lease = Lease(database, "fuyan-lease")
    holding = asyncio.create_task(lease.hold(tenure))
    try:
        async with asyncio.timeout(15):
            await held.wait()
    finally:
        lease.ended = True
        holding.cancel()
        await asyncio.gather(holding, return_exceptions=True)
    assert begun >= 3
