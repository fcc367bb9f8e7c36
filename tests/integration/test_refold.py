"""Read models of an older image are dropped, and the fold comes through the journal once more."""

from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.store.migrate import migrate

MIGRATIONS = Path(__file__).parents[2] / "services" / "projection" / "migrations"
ROW = (
    "INSERT INTO progress_v1.programme_progress (programme, version, row)"
    " VALUES ('shanting-2018', 7, '{}')"
)


async def test_rows_folded_by_an_older_image_are_folded_again(database: str) -> None:
    await _at(database, "0002")
    connection = await asyncpg.connect(database)
    await connection.execute(ROW)
    await connection.execute("UPDATE folded SET position = 40")
    await migrate(database, MIGRATIONS, None, ("journal",))
    assert await connection.fetchval("SELECT position FROM folded WHERE version = 1") == 0
    assert await connection.fetchval("SELECT count(*) FROM progress_v1.programme_progress") == 0
    await connection.execute(ROW)
    await migrate(database, MIGRATIONS, None, ("journal",))  # nothing to do is nothing undone
    assert await connection.fetchval("SELECT count(*) FROM progress_v1.programme_progress") == 1
    await connection.close()


async def _at(database: str, revision: str) -> None:
    engine = create_async_engine(make_url(database).set(drivername="postgresql+asyncpg"))
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)

    async with engine.begin() as connection:
        await connection.run_sync(upgrade)
    await engine.dispose()
