"""Finding titles: by a plaque number however it is typed, and all of a programme."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from services.review.case import Case
from services.review.plaques import claims_of
from shared.contracts.case import TitleAwarded, TitleCorrected
from shared.contracts.refusals import Refused
from shared.contracts.registry import decode
from shared.events.envelope import Record
from shared.official_numbers import comparable
from shared.store.log import Log
from shared.store.streams import Stream

State = Literal["in-force", "replaced", "revoked"]
_AWARDED = "fuyan.case.title-awarded.v1"
_CORRECTED = "fuyan.case.title-corrected.v1"


@dataclass(frozen=True, slots=True)
class Found:
    """The case that a plaque belongs to, and the later rounds of its township."""

    case_id: str
    later: tuple[str, ...]

    @property
    def stream(self) -> Stream:
        return Stream("case", self.case_id)

    @property
    def reading(self) -> tuple[Stream, ...]:
        """The case first, then the rounds after it."""
        return (self.stream, *(Stream("case", one) for one in self.later))

    @property
    def programme(self) -> str:
        return self.case_id.split("/")[0]


async def find(log: Log, plaque: str) -> Found:
    """The case whose title bears this number, or once did; Refused("plaque-unknown").

    A number is claimed by the command that first gave it: its events say to which case.
    """
    key = comparable(plaque)
    rows = await log.rows(
        "SELECT first, last FROM claim JOIN command ON command.key = claim.command"
        " WHERE kind = 'plaque' AND value = $1 AND first IS NOT NULL",
        key,
    )
    for first, last in rows:
        for record in await log.page(first - 1, last - first + 1):
            if _given(record) == key:
                return Found(record.subject, await _later(log, record.subject))
    raise Refused("plaque-unknown", plaque=plaque)


async def statements(log: Log, stream: Stream) -> Mapping[str, TitleAwarded | TitleCorrected]:
    """Every event that said something of a case's title, by its id, in their order."""
    found = {}
    for record in await log.history(stream):
        if record.type in (_AWARDED, _CORRECTED) and not record.erased:
            event = decode(record.type, record.data)
            if isinstance(event, TitleAwarded | TitleCorrected):
                found[str(record.id)] = event
    return found


def wrong_one(
    said: Mapping[str, TitleAwarded | TitleCorrected], field: str, named: str | None
) -> str:
    """Which event a correction of `field` corrects: the one named, or the last that said it.

    Raises Refused("correction-of-another") for one that never said anything of the kind.
    """
    about = [
        id_
        for id_, event in said.items()
        if isinstance(event, TitleAwarded) or event.field == field
    ]
    if named is not None and named not in about:
        raise Refused("correction-of-another", corrects=named)
    return named or (about[-1] if about else "")


async def awarded(log: Log, programme: str, *, after: str, limit: int) -> list[str]:
    """The cases of a programme that ever brought a title, in bytewise order, a page at a time."""
    rows = await log.rows(
        "SELECT DISTINCT subject FROM log WHERE context = 'case' AND type = $1"
        " AND starts_with(subject, $2) AND subject > $3 ORDER BY subject LIMIT $4",
        _AWARDED, f"{programme}/", after, limit,
    )  # fmt: skip
    return [row[0] for row in rows]


async def rounds(log: Log, case_id: str) -> tuple[list[str], list[str]]:
    """The rounds of a case's township before and after it, each in their order."""
    folder, _, own = case_id.rpartition("/")
    found: list[str] = []
    page: Sequence[str] = [""]
    while page:
        page = await log.subjects("case", prefix=f"{folder}/", after=page[-1])
        found += page
    numbers = sorted(int(one.rpartition("/")[2]) for one in found)
    return (
        [f"{folder}/{number}" for number in numbers if number < int(own)],
        [f"{folder}/{number}" for number in numbers if number > int(own)],
    )


def state_of(case: Case, replaced: bool) -> State:
    """`in-force`, `replaced` or `revoked`; an expired title still stands."""
    if case.title is not None and case.title.revoked is not None:
        return "revoked"
    return "replaced" if replaced else "in-force"


async def _later(log: Log, case_id: str) -> tuple[str, ...]:
    return tuple((await rounds(log, case_id))[1])


def _given(record: Record) -> str | None:
    """The number that an event gives a title, as it is claimed."""
    if record.type not in (_AWARDED, _CORRECTED) or record.erased:
        return None
    claims = claims_of(decode(record.type, record.data))
    return next((claim.value for claim in claims), None)
