"""A letter on the wire: its headers are ours, whatever a title or a mailbox looks like."""

import asyncio
from datetime import UTC, datetime

import pytest

from services.notification.smtp import Letter, Server
from tests.integration.mailbox import mailbox

OURS = {
    "Content-Type",
    "Content-Transfer-Encoding",
    "MIME-Version",
    "Message-ID",
    "Date",
    "From",
    "To",
    "Subject",
}


@pytest.mark.parametrize(
    ("to", "title"),
    [
        ("duty@gov.example", "山城街道：报送工作方案\r\nBcc: all@gov.example"),
        ("duty@gov.example", "=?utf-8?q?=0d=0aBcc:_all=40gov.example?="),
        ("=?utf-8?q?=0d=0aBcc=3aall=40gov.example=2c?=@gov.example", "A title"),
        ("duty@gov.example", "长" * 300),
    ],
    ids=["a line end", "an encoded title", "an encoded mailbox", "a long title"],
)
async def test_nothing_that_somebody_typed_begins_a_header(to: str, title: str) -> None:
    async with mailbox() as box:
        server = Server(f"smtp://127.0.0.1:{box.port}", "fuyan@district.example")
        letter = Letter("1", to, title, "In English")
        wrong = await asyncio.to_thread(server.send, letter, datetime(2018, 9, 5, tzinfo=UTC))
        [found] = await box.until(1)
    assert wrong is None
    assert set(found.keys()) == OURS
    assert title.split()[0] in found.get_content()
