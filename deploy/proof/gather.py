"""Taking the record away: events, signed heads and proofs of one installation, in one zip."""

import json
import zipfile
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from importlib.resources import files
from pathlib import Path
from typing import Any
from uuid import uuid4

from pydantic import TypeAdapter

from deploy.proof.bundle import (
    EVENTS,
    FORMAT,
    HEADS,
    MANIFEST,
    PROOFS,
    STREAMS,
    Proofs,
    Scope,
    as_proofs,
    leaves_name,
)
from deploy.proof.inlined import page
from deploy.proof.lines import written
from shared.clock import civil_day
from shared.contracts.audit import TreeHead
from shared.events.envelope import Record
from shared.events.signing import Jwk, jwks
from shared.events.stream_map import StreamMap
from shared.events.tree import Leaves
from shared.store.leaves import leaves
from shared.store.reading import Reader
from shared.store.schema import COLUMNS
from shared.store.session import connect
from shared.store.tree_heads import heads, keys

PAGE = 2000
_HEAD = TypeAdapter(TreeHead)
_EVENTS = (
    f"SELECT {', '.join(COLUMNS)} FROM log"  # noqa: S608
    " WHERE position > $1 AND position <= $2 AND ($3::text[] IS NULL OR"
    " (context, subject) IN (SELECT * FROM unnest($3::text[], $4::text[])))"
    " ORDER BY position LIMIT $5"
)
_ACT = "INSERT INTO operator_act (id, act, actor, told, at) VALUES ($1, $2, $3, $4, $5)"


class NothingSigned(Exception):
    """A log without a signed head, in the time asked for: nothing of it could be proven."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for, by whom and why."""

    installation: str
    scope: Scope
    content: bool
    until: datetime | None
    actor: str
    reason: str
    at: datetime


@dataclass(slots=True)
class Taken:
    """One log as it stands under its newest head."""

    reader: Reader
    heads: list[TreeHead]
    keys: list[Jwk]
    leaves: Leaves = field(default_factory=lambda: Leaves(b""))
    versions: dict[str, int] = field(default_factory=dict)
    vacant: dict[int, bytes] = field(default_factory=dict)
    events: int = 0

    @property
    def newest(self) -> TreeHead:
        return self.heads[-1]


async def take(reader: Reader, wish: Wish) -> Taken:
    """Heads, leaves and streams of a log; raises NothingSigned."""
    found: list[TreeHead] = []
    while more := await heads(
        reader, wish.installation, reader.service, found[-1].size if found else 0, PAGE
    ):
        found += more
    if wish.until is not None:
        found = [head for head in found if datetime.fromisoformat(head.signed_at) <= wish.until]
    if not found:
        raise NothingSigned(reader.service)
    taken = Taken(reader, found, await keys(reader))
    packed, size = bytearray(), taken.newest.size
    at = 0
    while at < size:
        if not (read := await leaves(reader, at, min(PAGE, size - at))):
            break
        for one in read:
            if one.position > size:
                break
            packed += one.leaf
            at = one.position
            if not one.there:
                taken.vacant[one.position] = one.leaf
            if one.stream is not None:
                taken.versions[one.stream] = one.version
    taken.leaves = Leaves(packed)
    return taken


async def export(
    out: Path,
    databases: Mapping[str, str],
    wish: Wish,
    progress: Callable[[str, int, int], None] = lambda *_: None,
) -> dict[str, Any]:
    """Write the file and answer its manifest; who took it is on record before anything leaves.

    `databases` are DSNs of owners by service. Raises NothingSigned, Unavailable, OSError.
    """
    readers = {service: Reader(database, service) for service, database in databases.items()}
    try:
        taken = {service: await take(reader, wish) for service, reader in readers.items()}
        return await _written(out, databases, taken, wish, progress)
    finally:
        for reader in readers.values():
            reader.close()


async def _written(
    out: Path,
    databases: Mapping[str, str],
    taken: dict[str, Taken],
    wish: Wish,
    progress: Callable[[str, int, int], None],
) -> dict[str, Any]:
    if not wish.scope.whole:
        taken = {
            service: one
            for service, one in taken.items()
            if any(wish.scope.spans(context) for context in one.newest.contexts)
        }
    for service, one in taken.items():
        await _record(databases[service], one, wish)
    partial = out.with_name(out.name + ".part")
    partial.unlink(missing_ok=True)
    partial.touch(mode=0o600)  # there may be content in it
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as bundle:
        proofs: dict[str, Any] = {}
        with bundle.open(EVENTS, "w", force_zip64=True) as lines:
            for service, one in taken.items():
                positions = []
                async for record in _events(one, wish.scope):
                    line = written(record, wish.installation, content=wish.content)
                    lines.write(line + b"\n")
                    positions.append(record.position)
                    progress(service, record.position, one.newest.size)
                one.events = len(positions)
                if not wish.scope.whole:
                    proofs[service] = as_proofs(_proofs(one, wish.scope, positions))
        if wish.scope.whole:
            for service, one in taken.items():
                bundle.writestr(leaves_name(service), one.leaves.packed)
            streams = {
                service: sorted(one.versions.items(), key=lambda item: item[0].encode())
                for service, one in taken.items()
            }
            _write(bundle, STREAMS, streams)
        else:
            _write(bundle, PROOFS, proofs)
        _write(
            bundle,
            HEADS,
            {
                "keys": {service: jwks(one.keys) for service, one in taken.items()},
                "heads": {
                    service: [_HEAD.dump_python(head, mode="json") for head in one.heads]
                    for service, one in taken.items()
                },
            },
        )
        manifest = _manifest(taken, wish)
        _write(bundle, MANIFEST, manifest)
        bundle.writestr("README.md", (files("deploy.proof") / "export.md").read_text("utf-8"))
        bundle.writestr("verify.html", page())
    partial.replace(out)
    return manifest


def _proofs(taken: Taken, scope: Scope, positions: list[int]) -> Proofs:
    """Also leaves out all heads but the last of each day: the others prove nothing more."""
    last_of_day = {civil_day(datetime.fromisoformat(h.signed_at)): h for h in taken.heads}
    taken.heads = list(last_of_day.values())
    streams = StreamMap(taken.versions)
    return Proofs(
        {position: taken.leaves.inclusion(position - 1) for position in positions},
        {head.size: taken.leaves.consistency(head.size) for head in taken.heads[:-1]},
        [
            streams.span(start, end)
            for context in taken.newest.contexts
            for start, end in scope.spans(context)
        ],
    )


async def _events(taken: Taken, scope: Scope) -> AsyncIterator[Record]:
    contexts: list[str] | None = None
    subjects: list[str] | None = None
    if not scope.whole:
        pairs = [name.split("/", 1) for name in taken.versions if scope.holds(name)]
        contexts, subjects = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    after = 0
    while True:
        rows = await taken.reader.rows(
            _EVENTS, after, taken.newest.size, contexts, subjects, PAGE // 4
        )
        for row in rows:
            record = Record(*row)
            after = record.position
            yield record
        if not rows:
            return


async def _record(database: str, taken: Taken, wish: Wish) -> None:
    told = {
        "reason": wish.reason,
        "scope": asdict(wish.scope),
        "content": wish.content,
        "until": wish.until.isoformat() if wish.until else None,
        "size": taken.newest.size,
    }
    connection = await connect(database, "fuyan-export")
    try:
        await connection.execute(_ACT, uuid4(), "export", wish.actor, json.dumps(told), wish.at)
    finally:
        await connection.close()


def _manifest(taken: Mapping[str, Taken], wish: Wish) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "installation": wish.installation,
        "scope": asdict(wish.scope),
        "content": wish.content,
        "until": wish.until.isoformat() if wish.until else None,
        "exported_at": wish.at.isoformat(),
        "actor": wish.actor,
        "reason": wish.reason,
        "services": {
            service: {
                "contexts": list(one.newest.contexts),
                "size": one.newest.size,
                "signed_at": one.newest.signed_at,
                "events": one.events,
                "vacant": {str(at): leaf.hex() for at, leaf in one.vacant.items()},
            }
            for service, one in taken.items()
        },
    }


def _write(bundle: zipfile.ZipFile, name: str, content: Any) -> None:
    bundle.writestr(name, json.dumps(content, ensure_ascii=False, indent=1))
