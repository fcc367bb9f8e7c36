"""`fuyan events prove`: that one event is in the log that was signed, in a proof of its own."""

import asyncio
import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import typer
from pydantic import TypeAdapter
from rich.console import Console

from deploy.cli import house
from deploy.cli.events_export import LOGS
from deploy.cli.events_verify import Keys, read_keys
from deploy.cli.services import Service
from deploy.cli.telling import AsJson
from deploy.proof.agreement import genuine_heads
from deploy.proof.bundle import Bundle, Damaged
from deploy.proof.findings import Checked
from deploy.proof.lines import Line, Unreadable, read, split, written
from shared.contracts.audit import TreeHead
from shared.events.signing import Jwk
from shared.events.tree import Leaves, included
from shared.store.leaves import leaves
from shared.store.reading import Reader
from shared.store.streams import Stream, Unavailable
from shared.store.tree_heads import heads, keys

_HEAD = TypeAdapter(TreeHead)


@dataclass(frozen=True, slots=True)
class _Proof:
    """An event, and what leads from it to the newest head."""

    line: bytes
    path: list[bytes]
    heads: list[TreeHead]
    keys: dict[str, Jwk]


class _NotThere(Exception):
    """Neither the file nor the log has such an event under a signed head."""


def prove(
    source: Annotated[
        str, typer.Argument(help="导出的文件，或服务名 · An export, or a service: its live log.")
    ],
    event: Annotated[str, typer.Argument(help="哪个事件 · Which: <context>/<subject>@<version>.")],
    key: Keys = None,
    as_json: AsJson = False,
) -> None:
    """证明某个事件确在已签署的日志中 · Prove that one event is in the log that was signed.

    The proof is the event, the hashes from its leaf to the root, and the signed head. Data are not
    printed. FUYAN_DATABASE_<SERVICE> names the database of a live log.

    Exit codes: 0 proven; 1 not proven; 2 asked wrongly; 3 a database did not answer.
    """
    errors = Console(stderr=True)
    stream, _, version = event.rpartition("@")
    if "/" not in stream or not version.isdigit():
        errors.print("事件写作 <context>/<subject>@<version> / an event is <context>/<subject>@<n>")
        raise typer.Exit(house.Exit.USAGE)
    if source not in LOGS and not Path(source).exists():
        errors.print(
            f"{source} 不是文件，也不是服务 / {source} is no file, and none of {', '.join(LOGS)}",
            soft_wrap=True,
        )
        raise typer.Exit(house.Exit.USAGE)
    trusted = read_keys(key, errors)
    try:
        if source in LOGS:
            proof = asyncio.run(_of_log(source, stream, int(version)))
        else:
            proof = _of_file(Path(source), event)
    except (Damaged, _NotThere) as error:
        errors.print(f"不能证明，请核对事件地址与来源 / not proven: {error}", soft_wrap=True)
        raise typer.Exit(house.Exit.DIFFERS) from error
    except Unavailable as error:
        errors.print(f"数据库没有回答 / the database did not answer: {error}")
        raise typer.Exit(house.Exit.AWAY) from error
    told, holds = _told(proof, proof.keys if trusted is None else trusted)
    if as_json:
        typer.echo(json.dumps(told, ensure_ascii=False))
    else:
        head = told["head"]
        typer.echo(f"{event} → {told['position']} / {head['size']}")
        typer.echo(f"leaf {told['leaf']}\nroot {head['root']}")
        typer.echo("\n".join(f"  {hash_}" for hash_ in told["path"]))
        typer.echo(f"{head['signed_at']} {head['key_id']}")
    errors.print("✓ 已证明 / proven" if holds else "✗ 证明不成立 / not proven")
    if trusted is None:
        errors.print("[yellow]公钥未经 --key 给出 / the key was not given by --key[/]")
    if not holds:
        raise typer.Exit(house.Exit.DIFFERS)


def _told(proof: _Proof, trusted: dict[str, Jwk]) -> tuple[dict[str, Any], bool]:
    head, line = proof.heads[-1], read(proof.line)
    good = genuine_heads([head], head.service, head.installation, trusted, Checked())
    holds = bool(good) and included(
        line.leaf, line.position - 1, head.size, proof.path, bytes.fromhex(head.root)
    )
    attributes, _ = split(proof.line)
    attributes.pop("data_base64", None)
    return {
        "proven": holds,
        "event": attributes,
        "position": line.position,
        "leaf": line.leaf.hex(),
        "path": [hash_.hex() for hash_ in proof.path],
        "head": _HEAD.dump_python(head, mode="json"),
        "key": proof.keys.get(head.key_id),
    }, holds


def _of_file(file: Path, event: str) -> _Proof:
    bundle = Bundle(file)
    found = next(((raw, line) for raw, line in _lines(bundle) if line.name == event), None)
    if found is None:
        raise _NotThere(f"{event} is not in {file}")
    raw, line = found
    service = next(
        (name for name, said in bundle.services.items() if line.context in said["contexts"]), ""
    )
    signed = bundle.heads.get(service, [])
    if not signed:
        raise _NotThere(f"no signed head of {service or line.context}")
    if bundle.scope.whole:
        tree = bundle.leaves(service)
        path = tree.inclusion(line.position - 1) if line.position <= len(tree) else []
    else:
        path = bundle.proofs(service).inclusion.get(line.position, [])
    return _Proof(raw, path, signed, bundle.keys.get(service, {}))


def _lines(bundle: Bundle) -> Iterator[tuple[bytes, Line]]:
    for _, raw in bundle.lines():
        with suppress(Unreadable):
            yield raw, read(raw)


async def _of_log(service: str, stream: str, version: int) -> _Proof:
    reader = Reader(house.database(Service(service)), service)
    try:
        context, subject = stream.split("/", 1)
        history = await reader.history(Stream(context, subject))
        record = next((record for record in history if record.version == version), None)
        if record is None:
            raise _NotThere(f"{stream}@{version} is not in the log of {service}")
        last = await reader.rows("SELECT max(size) FROM tree_head")
        signed = await heads(reader, house.installation(), service, (last[0][0] or 0) - 1, 1)
        if not signed or signed[-1].size < record.position:
            raise _NotThere(f"no signed head covers position {record.position} yet")
        packed, size = bytearray(), signed[-1].size
        while len(packed) // 32 < size:
            page = await leaves(reader, len(packed) // 32, min(5000, size - len(packed) // 32))
            if not page:
                raise _NotThere(f"the log ends before position {size}")
            packed += b"".join(one.leaf for one in page if one.position <= size)
        return _Proof(
            written(record, house.installation(), content=False),
            Leaves(packed).inclusion(record.position - 1),
            signed,
            {jwk["kid"]: jwk for jwk in await keys(reader)},
        )
    finally:
        reader.close()
