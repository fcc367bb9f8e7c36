"""Bulletins as they are sent, and as they are read."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from services.notification.bulletin import CHARACTERS, Block, Publicity, Table
from services.notification.bulletin_changes import changes
from services.notification.bulletin_drafts import Bulletin
from services.notification.bulletin_text import illustrative
from shared.contracts.notice import FigureChanged, RulesNamed
from shared.contracts.programme import Cut
from shared.web.acts import Act
from shared.web.bodies import ActBody, Body, Code, Day, Line


def _exact(value: Any) -> Any:
    """Whole numbers only, in the units that their names say: a fraction has many spellings."""
    waiting = [value]
    while waiting:
        match waiting.pop():
            case float():
                raise ValueError("figures are whole numbers, text, true, false and null")
            case dict() as parts:
                waiting += parts.values()
            case list() as parts:
                waiting += parts
    return value


Figures = Annotated[dict[str, Any], AfterValidator(_exact)]


class CutBody(Body):
    """Up to where a partition had been read, exclusive."""

    topic: Annotated[str, Field(pattern=r"^[a-z0-9.-]{1,60}$")]
    partition: Annotated[int, Field(strict=True, ge=0, le=10_000)]
    next_offset: Annotated[int, Field(strict=True, ge=0, lt=2**63)]


class RulesBody(Body):
    """A version of one kind of rules."""

    kind: Code
    version: Annotated[int, Field(strict=True, ge=1, lt=2**31)]


class DraftBody(Body):
    """Figures of a day, as `GET /v1/overview/{programme}?as_of=` of the projection gives them.

    `known_at` and `cut` say what they were made of. The text is drafted from them; `corrects` is
    the bulletin (its id) that this one puts right.
    """

    # Figures bring text of their own length, bounded as a whole.
    model_config = ConfigDict(str_max_length=None)

    programme: Code
    title: Line | None = None
    as_of_on: Day
    known_at: AwareDatetime
    cut: Annotated[tuple[CutBody, ...], Field(max_length=100)] = ()
    rules: Annotated[tuple[RulesBody, ...], Field(max_length=20)] = ()
    figures: Figures
    publicity: Publicity
    corrects: (
        Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] | None
    ) = None


class BlockBody(Body):
    """A heading or a paragraph; `table` is the place of the table, which nobody writes."""

    kind: Literal["heading", "paragraph", "table"]
    text: Annotated[str, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def _says(self) -> Self:
        if (self.kind == "table") == bool(self.text.strip()):
            raise ValueError("a heading or paragraph has text, and a table none")
        return self


class EditBody(Body):
    """What is said otherwise; what is not sent stays. `blocks` are all of them, in their order."""

    title: Line | None = None
    blocks: Annotated[tuple[BlockBody, ...], Field(min_length=1, max_length=200)] | None = None
    publicity: Publicity | None = None

    @model_validator(mode="after")
    def _once(self) -> Self:
        if sum(one.kind == "table" for one in self.blocks or ()) > 1:
            raise ValueError("there is one table, and it stands in one place")
        return self

    def given(self) -> tuple[Block, ...] | None:
        """The blocks as the draft has them."""
        if self.blocks is None:
            return None
        return tuple(Block(one.kind, one.text.strip()) for one in self.blocks)


Organisations = Annotated[tuple[Code, ...], Field(max_length=500)]


class IssuanceBody(ActBody):
    """The number from the office's own register, and who gets the bulletin.

    Without `recipients` every office gets it; without `copied` every government and the city get
    a copy (抄送).
    """

    document_number: Line
    recipients: Organisations | None = None
    copied: Organisations | None = None


class BulletinRow(BaseModel):
    """A line of the list."""

    id: str
    programme: str
    state: Literal["draft", "issued"]
    version: int
    title: str
    as_of_on: date
    publicity: Publicity
    issue_no: int | None
    document_number: str | None
    issued_on: date | None
    corrects: str | None
    corrected_by: str | None
    drafted_at: datetime


class BulletinRows(BaseModel):
    """The newest first; `next` is the `after` of the following page, if there is one."""

    bulletins: Sequence[BulletinRow]
    next: int | None


class Corrected(BaseModel):
    """By which later bulletin this one was put right."""

    bulletin_id: str
    document_number: str
    issued_on: date


class BulletinView(BaseModel):
    """A bulletin whole; what only a signed one has is null before.

    `characters` must stay below `limit`. `changes` are the figures that a correction gives
    otherwise than the bulletin it corrects.
    """

    id: str
    programme: str
    state: Literal["draft", "issued"]
    version: int
    title: str
    blocks: Sequence[Block]
    table: Table | None
    characters: int
    limit: int = CHARACTERS
    illustrative: bool
    as_of_on: date
    known_at: datetime
    cut: Sequence[Cut]
    rules: Sequence[RulesNamed]
    figures: Mapping[str, Any]
    figures_digest: str
    publicity: Publicity
    drafted_by: str
    drafted_at: datetime
    edited_by: str | None
    edited_at: datetime | None
    issue_no: int | None
    document_number: str | None
    issued_on: date | None
    signed_by: str | None
    docx_sha256: str | None
    recipients: Sequence[str]
    copied: Sequence[str]
    corrects: str | None
    changes: Sequence[FigureChanged] | None
    corrected_by: Corrected | None
    allowed: Sequence[Act]


def row(bulletin: Bulletin) -> BulletinRow:
    """One line."""
    draft, issued = bulletin.draft, bulletin.issued
    return BulletinRow(
        id=draft.bulletin_id,
        programme=draft.programme,
        state="draft" if issued is None else "issued",
        version=bulletin.version,
        title=draft.text.title if issued is None else issued.title,
        as_of_on=draft.as_of_on,
        publicity=draft.publicity,
        issue_no=issued and issued.issue_no,
        document_number=issued and issued.document_number,
        issued_on=issued and issued.effective_on,
        corrects=draft.corrects,
        corrected_by=bulletin.corrected_by,
        drafted_at=bulletin.drafted_at,
    )


def view(bulletin: Bulletin, corrected: Bulletin | None, allowed: Sequence[Act]) -> BulletinView:
    """All of it; `corrected` is the one that it corrects."""
    draft, issued, correction = bulletin.draft, bulletin.issued, bulletin.correction
    found = None
    if corrected is not None:
        found = changes(corrected.draft.figures, draft.figures)
    return BulletinView(
        **row(bulletin).model_dump(exclude={"corrected_by"}),
        blocks=draft.text.blocks,
        table=draft.text.table,
        characters=draft.text.characters,
        illustrative=illustrative(draft.figures),
        known_at=draft.known_at,
        cut=draft.cut,
        rules=draft.rules,
        figures=draft.figures,
        figures_digest=draft.figures_digest,
        drafted_by=bulletin.drafted_by,
        edited_by=bulletin.edited_by,
        edited_at=bulletin.edited_at,
        signed_by=issued and issued.signed_by,
        docx_sha256=issued and issued.docx_sha256,
        recipients=() if issued is None else issued.recipients,
        copied=() if issued is None else issued.copied,
        changes=found,
        corrected_by=correction
        and Corrected(
            bulletin_id=correction.bulletin_id,
            document_number=correction.document_number,
            issued_on=correction.effective_on,
        ),
        allowed=allowed,
    )
