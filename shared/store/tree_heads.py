"""Signed tree heads: what the log said up to here can no longer be told otherwise.

A duty of the log's writer, off the path of commands and of the take-over. It reads leaves only, in
pages; it never signs what contradicts the last head, and then says so until a person has looked.
"""

import asyncio
from datetime import datetime
from pathlib import Path

import asyncpg
import structlog

from shared.contracts.audit import TreeHead
from shared.events.envelope import instant
from shared.events.signing import Jwk, Signer, jwk_of
from shared.events.stream_map import stream_leaf
from shared.events.tree import EMPTY, Frontier, raised
from shared.store.leaves import Rows, leaves
from shared.store.log import Log, Tenure
from shared.store.session import Session
from shared.store.streams import Unavailable
from shared.telemetry.metrics import TREE_CONTRADICTED, TREE_SIZE

PAGE = 500
# Hashing in slices of about a millisecond, so that no command waits for it.
SLICE = 500
DUTY = "tree-heads"

_HEADS = (
    "SELECT size, root, stream_count, streams, contexts, signed_at, key_id, signature"
    " FROM tree_head WHERE size > $1 ORDER BY size LIMIT $2"
)
_LAST = "SELECT size, root, streams FROM tree_head ORDER BY size DESC LIMIT 1"

logger = structlog.get_logger(__name__)


class Contradicted(Exception):
    """The log is not what an earlier head says of it."""


class TreeHeads:
    """Keeps the tree of a log and signs its heads; without a key it only says that none is."""

    def __init__(self, log: Log, key_file: Path | None, every_s: float) -> None:
        """Raises ValueError where the key file holds no P-256 key."""
        self._log = log
        self._signer = None if key_file is None else Signer.read(key_file)
        self._every_s = every_s
        self.signed = asyncio.Event()
        """Set whenever a head was signed; whoever publishes clears it."""
        self._contradicted: str | None = None

    async def before(self, tenure: Tenure) -> None:
        """Nothing: the tree is read while commands are served."""

    async def run(self, tenure: Tenure) -> None:
        """Sign until cancelled; a database that is away for a moment only delays it."""
        if self._signer is None:
            self._log.degraded[DUTY] = "no signing key (FUYAN_SIGNING_KEY_FILE)"
            await asyncio.Event().wait()
            return
        self._contradicted = None
        TREE_CONTRADICTED.labels(self._log.service).set(0)
        while True:
            try:
                await self._sign(tenure, self._signer)
            except Contradicted as error:
                self.contradict(str(error))
            except (Unavailable, asyncpg.PostgresError) as error:
                self._log.degraded[DUTY] = f"{type(error).__name__}: {error}"
                await logger.awarning("no tree head", error=repr(error))
            if self._contradicted is not None:
                await asyncio.Event().wait()
            await asyncio.sleep(self._every_s)

    def contradict(self, reason: str) -> None:
        """Sign nothing more in this tenure: the log and an earlier head tell two stories."""
        self._contradicted = reason
        self._log.degraded[DUTY] = f"log-contradicts-head: {reason}"
        TREE_CONTRADICTED.labels(self._log.service).set(1)
        logger.error("no tree head is signed any more", code="log-contradicts-head", reason=reason)

    @property
    def contradicted(self) -> bool:
        """Whether the log was found to be another one than a head says."""
        return self._contradicted is not None

    async def _sign(self, tenure: Tenure, signer: Signer) -> None:
        """Rebuild the tree, hold it against the last head, then sign whenever it has grown."""
        await self._introduce(tenure, signer)
        tree = Tree(self._log)
        last = await self._log.rows(_LAST)
        if last:
            await tree.grow(last[0]["size"])
            await tree.check(*last[0])
        signed = last[0]["size"] if last else 0
        while True:
            await tree.grow(self._log.committed)
            if self._contradicted is not None:  # the topic knew another head
                return
            if tree.size > signed:
                await keep(tenure.session, await tree.head(signer, self._log))
                signed = tree.size
                TREE_SIZE.labels(self._log.service).set(signed)
                self.signed.set()
                if self._contradicted is None:  # nor take back what the topic said meanwhile
                    self._log.degraded.pop(DUTY, None)
                await asyncio.sleep(self._every_s)
            await self._log.grown(tree.size, self._every_s)

    async def _introduce(self, tenure: Tenure, signer: Signer) -> None:
        async with tenure.session.turn() as connection:
            await connection.execute(
                "INSERT INTO signing_key (key_id, x, y, since) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT DO NOTHING",
                signer.key_id, signer.jwk["x"], signer.jwk["y"], self._log.clock(),
            )  # fmt: skip


class Tree:
    """The tree of a log in memory: a frontier, and the version of each stream."""

    def __init__(self, log: Log) -> None:
        self._log = log
        self._frontier = Frontier()
        self._versions: dict[str, int] = {}
        self._last: bytes | None = None

    @property
    def size(self) -> int:
        """Positions it has taken in."""
        return self._frontier.size

    async def grow(self, to: int) -> None:
        """Take in all positions up to `to`; raises Contradicted where the log lacks some."""
        await self._fits()
        while self.size < to:
            page = await leaves(self._log, self.size, min(PAGE, to - self.size))
            page = [one for one in page if one.position <= to]
            if not page:
                raise Contradicted(f"the log ends at {self.size}, and had {to} events")
            self._frontier.extend(one.leaf for one in page)
            for one in page:
                if one.stream is not None:
                    self._versions[one.stream] = one.version
            self._last = page[-1].leaf if page[-1].there else None
            await asyncio.sleep(0)

    async def _fits(self) -> None:
        """Whether the last event taken in is still there, as it was."""
        if self._last is None:
            return
        found = await self._log.rows("SELECT leaf FROM log WHERE position = $1", self.size)
        if not found or found[0][0] != self._last:
            raise Contradicted(f"the event at position {self.size} is gone, or another one")

    async def check(self, size: int, root: bytes, streams: bytes) -> None:
        """Raises Contradicted unless this tree is the one that a head speaks of."""
        if self._frontier.root() != root:
            raise Contradicted(f"the first {size} events are not those of the head of size {size}")
        if await self._streams() != streams:
            raise Contradicted(f"streams are not those of the head of size {size}")

    async def head(self, signer: Signer, log: Log) -> TreeHead:
        """A signed head of the tree as it is."""
        size, root, count = self.size, self._frontier.root(), len(self._versions)
        streams = await self._streams()
        (last,) = await log.rows("SELECT recorded_at FROM log WHERE position = $1", size)
        return signer.signed(
            TreeHead(
                installation=log.installation,
                service=log.service,
                contexts=tuple(sorted(name for name, a in log.aggregates.items() if not a.heard)),
                size=size,
                root=root.hex(),
                stream_count=count,
                streams=streams.hex(),
                signed_at=instant(max(log.clock(), last[0])).decode(),
                key_id="",
                signature="",
            )
        )

    async def _streams(self) -> bytes:
        """The root of the map of streams; hashed in slices, and the same as `StreamMap.root`."""
        names = sorted(self._versions, key=str.encode)
        level: list[bytes] = []
        for at in range(0, len(names), SLICE):
            level += [stream_leaf(name, self._versions[name]) for name in names[at : at + SLICE]]
            await asyncio.sleep(0)
        while len(level) > 1:
            above: list[bytes] = []
            for at in range(0, len(level), 2 * SLICE):
                above += raised(level[at : at + 2 * SLICE])
                await asyncio.sleep(0)
            level = above
        return level[0] if level else EMPTY


async def keep(session: Session, head: TreeHead) -> None:
    """Put a head on record; there is one of each size."""
    async with session.turn() as connection:
        await connection.execute(
            "INSERT INTO tree_head (size, root, stream_count, streams, contexts, signed_at,"
            " key_id, signature) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
            head.size, bytes.fromhex(head.root), head.stream_count,
            bytes.fromhex(head.streams), ",".join(head.contexts),
            datetime.fromisoformat(head.signed_at), head.key_id, bytes.fromhex(head.signature),
        )  # fmt: skip


async def heads(
    log: Rows, installation: str, service: str, after: int, limit: int
) -> list[TreeHead]:
    """Signed heads with more than `after` events, by size."""
    return [
        TreeHead(
            installation=installation,
            service=service,
            contexts=tuple(row["contexts"].split(",")),
            size=row["size"],
            root=row["root"].hex(),
            stream_count=row["stream_count"],
            streams=row["streams"].hex(),
            signed_at=instant(row["signed_at"]).decode(),
            key_id=row["key_id"],
            signature=row["signature"].hex(),
        )
        for row in await log.rows(_HEADS, after, limit)
    ]


async def keys(log: Rows) -> list[Jwk]:
    """Public keys of all that ever signed here, the last one first."""
    rows = await log.rows("SELECT x, y FROM signing_key ORDER BY since DESC, key_id")
    return [jwk_of(row["x"], row["y"]) for row in rows]
