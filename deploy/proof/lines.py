"""One event as a line of an export: CloudEvents' JSON format, of which every attribute is sealed.

`data` comes last and byte for byte, so that whoever checks cuts it out and hashes it. Without data
(withheld, or erased by law) the line says `datahash` instead of `salt`.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256

import orjson

from shared.events.envelope import SEALED, Record, leaf, sealed

NAMES = tuple(name.removeprefix("ce_") for name in SEALED)
_CUT = b',"data":'
_TOLD = frozenset({*NAMES, "leaf", "salt", "datahash", "datacontenttype", "data_base64"})


class Unreadable(Exception):
    """A line that is no event of an export."""


@dataclass(frozen=True, slots=True)
class Line:
    """An event as a line says it."""

    attributes: Mapping[str, str]
    position: int
    version: int
    context: str
    stream: str
    """`<context>/<subject>`"""
    leaf: bytes
    """What headers and data come to."""
    told: bytes
    """The leaf that the line itself names."""
    withheld: bool
    """Whether it has no data, and their hash in their place."""
    erases: int | None
    """Of an `erased` event: the version in its stream whose data had to go."""

    @property
    def name(self) -> str:
        """`<context>/<subject>@<version>`"""
        return f"{self.stream}@{self.version}"


def written(record: Record, installation: str, *, content: bool) -> bytes:
    """The line of a record, without its end; `content` lets the data leave."""
    values = zip(NAMES, sealed(record, installation), strict=True)
    attributes = {name: value.decode() for name, value in values if value}
    attributes["leaf"] = record.leaf.hex()
    if not content or record.erased:
        attributes["datahash"] = record.datahash.hex()
        return orjson.dumps(attributes)
    attributes["salt"] = record.salt.hex()
    attributes["datacontenttype"] = "application/json"
    if b"\n" in record.data:  # would end the line
        attributes["data_base64"] = b64encode(record.data).decode()
        return orjson.dumps(attributes)
    return orjson.dumps(attributes)[:-1] + _CUT + record.data + b"}"


def read(line: bytes) -> Line:
    """What a line says; raises Unreadable."""
    attributes, data = split(line)
    # Data that stand beside a datahash are not believed: whoever reads the line reads them.
    withheld = "datahash" in attributes and not data
    try:
        if withheld:
            datahash = bytes.fromhex(attributes["datahash"])
        else:
            datahash = sha256(bytes.fromhex(attributes.get("salt", "")) + data).digest()
        context = attributes["source"].rsplit("/", 1)[1]
        return Line(
            attributes=attributes,
            position=_count(attributes["position"]),
            version=_count(attributes["streamversion"]),
            context=context,
            stream=f"{context}/{attributes['subject']}",
            leaf=leaf([attributes.get(name, "").encode() for name in NAMES], datahash),
            told=bytes.fromhex(attributes["leaf"]),
            withheld=withheld,
            erases=_erases(attributes, context, data),
        )
    except (KeyError, ValueError, IndexError, AttributeError) as error:
        raise Unreadable(f"{type(error).__name__}: {error}") from error


def split(line: bytes) -> tuple[dict[str, str], bytes]:
    """Attributes, and the very bytes of the data (empty: none are there); raises Unreadable."""
    # A quote inside of a value is written \", so the first cut is where the data begin.
    head, cut, data = line.partition(_CUT)
    told = head + b"}" if cut else line
    try:
        attributes = orjson.loads(told)
    except orjson.JSONDecodeError as error:
        raise Unreadable(str(error)) from error
    if not isinstance(attributes, dict) or not all(isinstance(v, str) for v in attributes.values()):
        raise Unreadable("not an object of texts")
    # A second mention of a name, or what nothing seals, would be read by people and by no check.
    if orjson.dumps(attributes) != told or not _TOLD.issuperset(attributes):
        raise Unreadable("says more than an event does")
    if cut and "data_base64" in attributes:
        raise Unreadable("data twice")
    if cut:
        return attributes, data.removesuffix(b"}")
    try:
        return attributes, b64decode(attributes.get("data_base64", ""), validate=True)
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _erases(attributes: Mapping[str, str], context: str, data: bytes) -> int | None:
    if not data or attributes.get("type") != f"fuyan.{context}.erased.v1":
        return None
    try:
        version = orjson.loads(data)["version"]
    except (orjson.JSONDecodeError, KeyError, TypeError):
        return None
    return version if isinstance(version, int) else None


def _count(text: str) -> int:
    """A position or version as it is written; `01` or `+1` would be another text with one value."""
    number = int(text)
    if number < 1 or str(number) != text:
        raise ValueError(f"{text} is no count")
    return number
