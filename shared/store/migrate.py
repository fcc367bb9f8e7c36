"""Bring a service's database to the schema of this image, and hand its role what it may do."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from shared.store import schema


async def migrate(
    database: str, migrations: Path, role: str | None, appended: tuple[str, ...]
) -> None:
    """Run all migrations under `migrations` as the owner of `database`; nothing to do is fine.

    `role` is the one the service connects with: it may append to `appended`, never change them.
    """
    engine = create_async_engine(make_url(database).set(drivername="postgresql+asyncpg"))
    config = Config()
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))

    def upgrade(connection: Connection) -> None:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
        schema.grant(connection, role, appended)

    try:
        async with engine.begin() as connection:
            await connection.run_sync(upgrade)
    finally:
        await engine.dispose()
