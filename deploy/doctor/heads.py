"""Signed tree heads against the log that they were signed over."""

import asyncpg

from deploy.cli.services import Service
from deploy.doctor.finding import Finding, listed, skipped, well, wrong
from shared.events.signing import genuine
from shared.events.tree import Frontier
from shared.store.leaves import leaves
from shared.store.tree_heads import heads, keys

PAGE = 2000


class _Log:
    """A session as the readers of heads and leaves take it."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *arguments: object) -> list[asyncpg.Record]:
        found: list[asyncpg.Record] = await self._connection.fetch(statement, *arguments)
        return found


async def signed(service: Service, connection: asyncpg.Connection, installation: str) -> Finding:
    """Each head is genuine, and its root that of the log up to its size."""
    check, log = f"tree/{service}", _Log(connection)
    public = {key["kid"]: key for key in await keys(log)}
    tree = Frontier()
    wrongs: list[str] = []
    count = 0
    after = 0
    while page := await heads(log, installation, str(service), after, PAGE):
        for head in page:
            key = public.get(head.key_id)
            if key is None or not genuine(head, key):
                wrongs.append(f"{head.size}: signature")
            while tree.size < head.size:
                more = await leaves(log, tree.size, min(PAGE, head.size - tree.size))
                if not more:
                    break
                tree.extend(one.leaf for one in more if one.position <= head.size)
            if tree.size != head.size or tree.root() != bytes.fromhex(head.root):
                wrongs.append(f"{head.size}: root")
        count += len(page)
        after = page[-1].size
    if not count:
        return skipped(check, "尚无签名的树头", "no tree head was signed yet")
    if wrongs:
        return wrong(
            check,
            (
                f"树头与日志不符：{listed(wrongs)}",
                f"heads that are not of this log: {listed(wrongs)}",
            ),
            (
                "日志被改动过：请停止该服务，以 `fuyan events verify` 查明",
                "The log was changed: stop the service and look with `fuyan events verify`",
            ),
            heads=count,
            wrong=wrongs,
        )
    return well(check, f"{count} 个树头与日志相符", f"{count} heads are of this log", heads=count)
