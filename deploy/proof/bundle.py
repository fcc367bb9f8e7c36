"""An export as it lies on a disk: one zip, or the folder that was unpacked from it."""

import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from pydantic import TypeAdapter, ValidationError

from shared.contracts.audit import TreeHead
from shared.events.signing import Jwk, public_keys
from shared.events.stream_map import Entry, Span, below, one
from shared.events.tree import Leaves

FORMAT = "fuyan-export/1"
MANIFEST, HEADS, EVENTS, STREAMS, PROOFS = (
    "manifest.json",
    "heads.json",
    "events.ndjson",
    "streams.json",
    "proofs.json",
)
_HEADS_BY_SERVICE = TypeAdapter(dict[str, list[TreeHead]])


class Damaged(Exception):
    """A part that cannot be read at all; `part` names it."""

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Of what a record was taken: everything, a programme, or a township in it."""

    programme: str | None = None
    township: str | None = None

    @property
    def whole(self) -> bool:
        return self.programme is None

    def spans(self, context: str) -> list[tuple[str, str]]:
        """Start and end of the names of streams that belong to it, in bytewise order.

        Of a township those of its dossier and its cases; notices are about a recipient.
        """
        if self.programme is None or (self.township and context not in ("dossier", "case")):
            return []
        name = f"{context}/{self.programme}"
        if self.township is not None:
            name = f"{name}/{self.township}"
        return [one(name), below(name)]

    def holds(self, stream: str) -> bool:
        """Whether a stream belongs to it."""
        context = stream.split("/", 1)[0]
        return self.whole or any(start <= stream < end for start, end in self.spans(context))


@dataclass(frozen=True, slots=True)
class Proofs:
    """Of one log, under its newest head."""

    inclusion: Mapping[int, list[bytes]]
    """By position."""
    consistency: Mapping[int, list[bytes]]
    """By the size of an earlier head."""
    spans: list[Span]


class Bundle:
    """Reads the parts; raises Damaged."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._zip = None if file.is_dir() else _opened(file)
        manifest = self._json(MANIFEST)
        if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
            raise Damaged(MANIFEST, f"not of format {FORMAT}")
        self.manifest: dict[str, Any] = manifest
        heads = self._json(HEADS)
        try:
            self.scope = Scope(**manifest["scope"])
            self.installation: str = manifest["installation"]
            self.services: dict[str, dict[str, Any]] = manifest["services"]
            self.heads = _HEADS_BY_SERVICE.validate_python(heads["heads"])
            self.keys: dict[str, dict[str, Jwk]] = {
                service: public_keys(jwks) for service, jwks in heads["keys"].items()
            }
        except (KeyError, TypeError, AttributeError, ValueError) as error:
            raise Damaged(HEADS, str(error).splitlines()[0]) from error

    def lines(self) -> Iterator[tuple[int, bytes]]:
        """Lines of events with their numbers, from 1."""
        with self._open(EVENTS) as file:
            for number, line in enumerate(file, 1):
                if line.strip():
                    yield number, line.rstrip(b"\r\n")

    def leaves(self, service: str) -> Leaves:
        """All leaves of a whole log."""
        name = leaves_name(service)
        with self._open(name) as file:
            try:
                return Leaves(file.read())
            except ValueError as error:
                raise Damaged(name, str(error)) from error

    def streams(self, service: str) -> dict[str, int]:
        """The map of streams of a whole log."""
        try:
            return {str(name): int(version) for name, version in self._json(STREAMS)[service]}
        except (KeyError, TypeError, ValueError) as error:
            raise Damaged(STREAMS, f"{service}: {error}") from error

    def proofs(self, service: str) -> Proofs:
        """Of a part of a log."""
        try:
            found = self._json(PROOFS)[service]
            return Proofs(
                {int(at): _hashes(path) for at, path in found["inclusion"].items()},
                {int(at): _hashes(path) for at, path in found["consistency"].items()},
                [
                    Span(
                        span["start"],
                        span["end"],
                        tuple(
                            Entry(e["index"], e["name"], e["version"], tuple(_hashes(e["path"])))
                            for e in span["entries"]
                        ),
                    )
                    for span in found["spans"]
                ],
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise Damaged(PROOFS, f"{service}: {error}") from error

    def vacant(self, service: str) -> dict[int, bytes]:
        """Positions of which this log has no event (`fuyan events adopt` said why), with leaves."""
        found = self.services[service].get("vacant", {})
        return {int(position): bytes.fromhex(leaf) for position, leaf in found.items()}

    @contextmanager
    def _open(self, name: str) -> Iterator[IO[bytes]]:
        try:
            if self._zip is not None:
                with self._zip.open(name) as file:
                    yield file
            else:
                with (self._file / name).open("rb") as file:
                    yield file
        except KeyError as error:
            raise Damaged(name, "not in the file") from error
        except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise Damaged(name, str(error)) from error

    def _json(self, name: str) -> Any:
        with self._open(name) as file:
            try:
                return json.load(file)
            except (ValueError, ValidationError) as error:
                raise Damaged(name, str(error)) from error


def leaves_name(service: str) -> str:
    """Where the leaves of a whole log lie."""
    return f"leaves/{service}.bin"


def as_proofs(proofs: Proofs) -> dict[str, Any]:
    """As `proofs.json` says them."""
    return {
        "inclusion": {str(at): _texts(path) for at, path in proofs.inclusion.items()},
        "consistency": {str(at): _texts(path) for at, path in proofs.consistency.items()},
        "spans": [
            {
                "start": span.start,
                "end": span.end,
                "entries": [
                    {"index": e.index, "name": e.name, "version": e.version, "path": _texts(e.path)}
                    for e in span.entries
                ],
            }
            for span in proofs.spans
        ],
    }


def _opened(file: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(file)
    except (OSError, zipfile.BadZipFile) as error:
        raise Damaged(file.name, str(error)) from error


def _hashes(texts: list[str]) -> list[bytes]:
    return [bytes.fromhex(text) for text in texts]


def _texts(hashes: tuple[bytes, ...] | list[bytes]) -> list[str]:
    return [hash_.hex() for hash_ in hashes]
