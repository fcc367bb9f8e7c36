"""What may be sent in a request: bounded, typed as JSON types it, and nothing else."""

import re
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StringConstraints,
    TypeAdapter,
    model_validator,
)
from pydantic_core import PydanticCustomError

from shared.contracts.blocks import Document, Mark
from shared.contracts.programme import StandardPublished
from shared.web.auth import ID

_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def _day(sent: Any) -> Any:
    """Only `2018-09-01`: pydantic would also take seconds since 1970, and instants."""
    if isinstance(sent, date) or (isinstance(sent, str) and _DAY.fullmatch(sent)):
        return sent
    raise PydanticCustomError("date_parsing", "Input should be a date such as 2018-09-01")


def _contract(sent: Any) -> Any:
    for name, value in sent.items() if isinstance(sent, dict) else ():
        if str(name).endswith("_on") and value is not None:
            _day(value)
        if name in ("code", "organisation", "fact") and isinstance(value, str):
            _CODE.validate_python(value)
        _contract(value)
    return sent


Day = Annotated[date, BeforeValidator(_day)]
# Of a question: neither its midnight nor the month before lies beyond what can be reckoned with.
AskedDay = Annotated[Day, Field(ge=date(1900, 1, 1), le=date(2200, 12, 31))]
# One pattern in bodies and in paths, or what is made in one place is out of reach in another.
Code = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,60}$")]
_CODE = TypeAdapter[str](Code)
# For a contract's own dataclass, whose fields no body bounds: its days and codes are such, too.
CONTRACT = BeforeValidator(_contract)
# As whoever signs in is named.
Officer = Annotated[str, StringConstraints(pattern=f"^{ID.pattern}$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=2000)]
Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Measure = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,12}(\.[0-9]{1,6})?$")]
# Strict, or "1" and 1.0 pass for a number, and "no" and 0 for an answer.
Flag = Annotated[bool, Field(strict=True)]
Points = Annotated[int, Field(strict=True, ge=0, le=10_000_000)]
Fen = Annotated[int, Field(strict=True, ge=0, le=10**15)]


class Body(BaseModel):
    """Unknown fields are refused, or a misspelt one would be lost without a word."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_max_length=2000)

    @model_validator(mode="before")
    @classmethod
    def _clean(cls, sent: Any) -> Any:
        """A NUL is legal JSON and legal nowhere else: PostgreSQL and spreadsheets refuse it."""
        if any("\x00" in text for text in _texts(sent)):
            raise ValueError("text must not contain a NUL character")
        return sent


class DocumentBody(Body):
    """An official paper that something rests on; what is not known of it stays null."""

    title: Line
    issued_on: Day | None = None
    number: Line | None = None
    sha256: Sha256 | None = None


def _paper(sent: Any) -> Document:
    if isinstance(sent, Document):
        return sent
    return Document(**DocumentBody.model_validate(sent).model_dump())


Paper = Annotated[Document, PlainValidator(_paper, json_schema_input_type=DocumentBody)]


class ActBody(Body):
    """When it happened, if not today, why it is said only now, and the paper it rests on."""

    effective_on: Day | None = None
    backdated_reason: Words | None = None
    document: Paper | None = None


class MarkBody(Body):
    """One item's mark; its maximum may be left to the standard."""

    item: Code
    applicable: Flag = True
    mark_cp: Points
    max_cp: Points | None = None
    measure: Measure | None = None
    unit: Line | None = None
    reason: Words | None = None
    evidence: Annotated[tuple[Sha256, ...], Field(max_length=50)] = ()


Marks = Annotated[tuple[MarkBody, ...], Field(max_length=1000)]


def scored(standard: StandardPublished, marks: tuple[MarkBody, ...]) -> tuple[Mark, ...]:
    """As marks under this standard; an item it does not know is left for it to refuse."""
    most = {item.code: item.max_cp for item in standard.items}
    return tuple(
        Mark(
            item=one.item,
            applicable=one.applicable,
            mark_cp=one.mark_cp,
            max_cp=most.get(one.item, 0) if one.max_cp is None else one.max_cp,
            measure=one.measure,
            unit=one.unit,
            reason=one.reason,
            evidence=one.evidence,
        )
        for one in marks
    )


def _texts(sent: object) -> Iterator[str]:
    match sent:
        case str():
            yield sent
        case dict():
            for name, value in sent.items():
                yield from _texts(name)
                yield from _texts(value)
        case list():
            for value in sent:
                yield from _texts(value)
