"""A real export of a real log, and the ways in which somebody could tamper with it."""

import json
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

from deploy.proof.bundle import Scope
from deploy.proof.gather import Wish, export
from deploy.proof.lines import read, split
from tests.integration.heads import covered, key_file, signing, write
from tests.integration.store import prepare

Parts = dict[str, bytes]
SERVICE = "submission"


async def played(database: str, directory: Path) -> None:
    """Twelve events of four streams under three heads: p/t (6), p/t2 (3), p/u (2), q/t (1)."""
    await prepare(database)
    key = key_file(directory)
    for steps in ((("p/t", 4), ("p/u", 1)), (("p/t2", 3),), (("p/u", 1), ("p/t", 2), ("q/t", 1))):
        async with signing(database, None) as log:  # or there would be a head for each event
            for subject, count in steps:
                await write(log, count, subject)
        async with signing(database, key) as log:
            await covered(log)


def wish(scope: Scope, *, content: bool = True, until: datetime | None = None) -> Wish:
    return Wish(
        installation="test", scope=scope, content=content, until=until,
        actor="bureau:a1", reason="audit", at=datetime.now(UTC),
    )  # fmt: skip


async def taken(
    database: str, out: Path, scope: Scope | None = None, *, content: bool = True
) -> Path:
    await export(out, {SERVICE: database}, wish(scope or Scope(), content=content))
    return out


def parts(file: Path) -> Parts:
    with zipfile.ZipFile(file) as bundle:
        return {name: bundle.read(name) for name in bundle.namelist()}


def rebuilt(found: Parts, out: Path) -> Path:
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, content in found.items():
            bundle.writestr(name, content)
    return out


def lines(found: Parts) -> list[bytes]:
    return found["events.ndjson"].splitlines()


def at(found: Parts, position: int) -> int:
    """The index of the line of a position."""
    said = [json.loads(line)["position"] for line in lines(found)]
    return said.index(str(position))


def put(found: Parts, changed: list[bytes]) -> None:
    found["events.ndjson"] = b"".join(line + b"\n" for line in changed)


def edit(found: Parts, position: int, change: Callable[[bytes], bytes]) -> None:
    changed = lines(found)
    index = at(found, position)
    before = changed[index]
    changed[index] = change(before)
    assert changed[index] != before
    put(found, changed)


def sealed_anew(line: bytes) -> bytes:
    """A line whose leaf was computed again, by somebody who knows how."""
    return line.replace(read(line).told.hex().encode(), read(line).leaf.hex().encode())


def forged_beside_its_hash(line: bytes) -> bytes:
    """Other data, beside the true hash of the true ones: the leaf would be right."""
    attributes, data = split(line)
    salt = bytes.fromhex(attributes.pop("salt"))
    told = {**attributes, "datahash": sha256(salt + data).hexdigest()}
    return json.dumps(told, separators=(",", ":")).encode()[:-1] + b',"data":{"votes":9}}'


def data_taken_out(line: bytes) -> bytes:
    """The true hash in place of the data: the leaf stays right."""
    attributes, data = split(line)
    salt = bytes.fromhex(attributes.pop("salt"))
    del attributes["datacontenttype"]
    told = {**attributes, "datahash": sha256(salt + data).hexdigest()}
    return json.dumps(told, separators=(",", ":")).encode()


def with_another(name: bytes, found: Parts) -> None:
    """The third event, with a second value of an attribute before the first."""
    edit(found, 3, lambda line: b'{"%s":"x",%s' % (name, line[1:]))


def loaded(found: Parts, name: str) -> Any:
    return json.loads(found[name])


def stored(found: Parts, name: str, content: Any) -> None:
    found[name] = json.dumps(content).encode()


def headed(found: Parts, index: int, **changes: object) -> None:
    heads = loaded(found, "heads.json")
    heads["heads"][SERVICE][index] |= changes
    stored(found, "heads.json", heads)


def data_denied(found: Parts) -> None:
    """The data of one event are taken out, and the file is said to be without any."""
    edit(found, 3, data_taken_out)
    stored(found, "manifest.json", loaded(found, "manifest.json") | {"content": False})
