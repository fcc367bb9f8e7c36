"""The sealed package of a letter of recommendation: gathered from the log, the same for ever.

A file of it is an event's data exactly as it was published, which nothing changes any more; the
two that are not (the letter's list and each case's list of evidence) are canonical JSON of such.
"""

import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from zipfile import ZIP_STORED, ZipFile, ZipInfo

from services.review.letters import (
    LETTER,
    MANIFEST,
    Enclosure,
    Listed,
    letter_text,
    manifest,
)
from shared.canonical import canonical
from shared.contracts.case import Opened, Recommended
from shared.contracts.refusals import Refused
from shared.contracts.registry import decode
from shared.events.envelope import Record
from shared.store.log import Log
from shared.store.schema import COLUMNS
from shared.store.streams import Stream

_SUBMITTED = "fuyan.dossier.application-submitted.v1"
_RECOMMENDED = "fuyan.case.recommended.v1"
_NAMES = {
    "fuyan.case.consensus-recorded.v1": "consensus",
    "fuyan.case.preliminary-passed.v1": "decision",
}
# A zip has no time zone and no time before 1980; any other instant would make other bytes.
_THEN = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Sent:
    """A letter as it was sent: what its event about each case says, in the letter's order."""

    events: tuple[Recommended, ...]

    @property
    def first(self) -> Recommended:
        """What all of them say alike."""
        return self.events[0]


async def letters(log: Log, programme: str, *, after: int, limit: int) -> list[tuple[int, Sent]]:
    """The letters of a programme in the order of sending, each with its place in the log."""
    # One command sends one letter, and its events lie together.
    rows = await log.rows(
        "SELECT min(position), max(position) FROM log WHERE context = 'case' AND type = $1"
        " AND starts_with(subject, $2) GROUP BY command HAVING min(position) > $3"
        " ORDER BY 1 LIMIT $4",
        _RECOMMENDED, f"{programme}/", after, limit,
    )  # fmt: skip
    return [(first, Sent(tuple(await _events(log, first, last)))) for first, last in rows]


async def letter(log: Log, programme: str, recommendation_id: str) -> Sent:
    """One letter; Refused("recommendation-unknown")."""
    # As events are encoded; in any text that somebody wrote its quotes would be escaped.
    said = f'"recommendation_id":"{recommendation_id}"'
    rows = await log.rows(
        "SELECT min(position), max(position) FROM log WHERE context = 'case' AND type = $1"
        " AND starts_with(subject, $2) AND position(convert_to($3, 'UTF8') IN data) > 0",
        _RECOMMENDED, f"{programme}/", said,
    )  # fmt: skip
    first, last = rows[0]
    if first is None:
        raise Refused("recommendation-unknown", recommendation_id=recommendation_id)
    return Sent(tuple(await _events(log, first, last)))


async def enclosures(log: Log, case_ids: Sequence[str]) -> dict[str, list[Enclosure]]:
    """What a letter would enclose about each case that the district has passed."""
    found = {case_id: await _files(log, case_id) for case_id in case_ids}
    return {
        case_id: [Enclosure.of(name, content) for name, content in files.items()]
        for case_id, files in found.items()
    }


async def contents(log: Log, sent: Sent) -> dict[str, bytes]:
    """Every file of a letter's package by name, its manifest among them, as they were sealed.

    Raises Refused("package-incomplete") where an event of it was lawfully erased since.
    """
    first = sent.first
    if first.document is None:
        raise Refused("package-incomplete", recommendation_id=first.recommendation_id)
    files: dict[str, bytes] = {}
    listed = []
    for event in sent.events:
        files |= await _files(log, event.case_id)
        opened = await _opened(log, event.case_id)
        if opened is None:
            raise Refused("package-incomplete", recommendation_id=first.recommendation_id)
        listed.append(
            Listed(
                case_id=event.case_id,
                application_id=event.application_id,
                standard=opened.standard,
                district_total_cp=event.district_total_cp,
                proposed_title=event.proposed_title,
            )
        )
    files[LETTER] = letter_text(first.recommendation_id, first.document, listed)
    enclosed = [Enclosure.of(name, content) for name, content in files.items()]
    seal = manifest(first.recommendation_id, enclosed)
    if sha256(seal).hexdigest() != first.package_sha256:
        raise Refused("package-incomplete", recommendation_id=first.recommendation_id)
    return {**files, MANIFEST: seal}


def zipped(files: Mapping[str, bytes]) -> bytes:
    """The files as a zip of the same bytes each time: sorted, undated and uncompressed."""
    target = io.BytesIO()
    with ZipFile(target, "w", ZIP_STORED) as package:
        for name in sorted(files):
            info = ZipInfo(name, _THEN)
            info.create_system = 3  # or it would say on which system it was made
            info.external_attr = 0o644 << 16
            package.writestr(info, files[name])
    return target.getvalue()


async def _files(log: Log, case_id: str) -> dict[str, bytes]:
    """The application, the minutes, the consensus and the decision; empty without a decision."""
    history = await log.history(Stream("case", case_id))
    passed = next((one for one in history if _NAMES.get(one.type) == "decision"), None)
    if passed is None:
        return {}
    before = history[: passed.version]
    folder = "cases/" + "-".join(case_id.split("/")[1:])
    # Of several the last: the one that was decided upon.
    files = {f"{folder}/{_NAMES[one.type]}.json": one.data for one in before if one.type in _NAMES}
    minutes = [one.data for one in before if one.type == "fuyan.case.inspection-held.v1"]
    files |= {f"{folder}/inspection-{n}.json": data for n, data in enumerate(minutes, 1)}
    application = await _application(log, case_id, history)
    files[f"{folder}/application.json"] = application
    agreed = files.get(f"{folder}/consensus.json", b"{}")
    files[f"{folder}/evidence.json"] = _evidence(application, agreed)
    return files


def _evidence(application: bytes, consensus: bytes) -> bytes:
    """What the office handed in, and the hashes that the team's marks rest on."""
    own = _said(application).get("evidence", [])
    marks = _said(consensus).get("marks", [])
    seen = {one for mark in marks for one in mark.get("evidence", [])}
    return canonical({"office": own, "team": sorted(seen)})


async def _application(log: Log, case_id: str, history: Sequence[Record]) -> bytes:
    wanted = _said(history[0].data).get("application_id")
    rows = await log.rows(
        f"SELECT {', '.join(COLUMNS)} FROM heard"  # noqa: S608
        " WHERE context = 'dossier' AND subject = $1 AND type = $2 ORDER BY version",
        case_id.rsplit("/", 1)[0], _SUBMITTED,
    )  # fmt: skip
    found = (Record(*row).data for row in rows)
    return next((data for data in found if _said(data).get("application_id") == wanted), b"{}")


def _said(data: bytes) -> dict[str, Any]:
    """What an event says; of one that was erased nothing is left, and its package is broken."""
    try:
        said = json.loads(data)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


async def _opened(log: Log, case_id: str) -> Opened | None:
    history = await log.history(Stream("case", case_id))
    if not _said(history[0].data):
        return None
    event = decode(history[0].type, history[0].data)
    return event if isinstance(event, Opened) else None


async def _events(log: Log, first: int, last: int) -> list[Recommended]:
    events = [
        decode(one.type, one.data)
        for one in await log.page(first - 1, last - first + 1)
        if one.type == _RECOMMENDED
    ]
    found = [one for one in events if isinstance(one, Recommended)]
    order = {case_id: place for place, case_id in enumerate(found[0].cases)}
    return sorted(found, key=lambda one: order[one.case_id])
