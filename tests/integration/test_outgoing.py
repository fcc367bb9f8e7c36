"""The headers that PostgreSQL writes are those of the envelope, to the byte."""

from dataclasses import replace

import pytest

from shared.contracts.registry import CONTRACTS_URL
from shared.events.envelope import to_headers
from shared.messaging.outgoing import SEPARATOR, dressed, outgoing
from shared.store.command import Command
from tests.integration.store import command, new_log, note, prepare, serving, stream

PLAIN = command()
WISHES = {
    "plain": PLAIN,
    "on behalf": replace(PLAIN, on_behalf_of="370400-safety:s1"),
    "traced": replace(PLAIN, traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"),
    "in Chinese": replace(PLAIN, actor="370406-safety:张"),
    "with the separator": replace(PLAIN, actor=f"370406-safety:a{SEPARATOR}b"),
}


@pytest.mark.parametrize("wish", WISHES.values(), ids=WISHES)
async def test_a_row_is_dressed_as_its_record_is(database: str, wish: Command) -> None:
    await prepare(database)
    async with serving(new_log(database)) as log:
        await log.decide(wish, stream(), lambda told: [note()])
        (record,) = await log.page(0, 10)
        (row,) = await outgoing(log, 0, 10, CONTRACTS_URL)
        sent = await dressed(log, row, CONTRACTS_URL)
        assert dict(sent.headers) == dict(to_headers(record, "test", CONTRACTS_URL))
        assert len(sent.headers) == len(dict(sent.headers))
        assert (sent.position, sent.context, sent.key.decode(), sent.value) == (
            record.position, record.context, record.key, record.data,
        )  # fmt: skip
