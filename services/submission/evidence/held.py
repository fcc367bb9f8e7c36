"""What an act names as evidence is a file that its office keeps here."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from shared.contracts.blocks import Evidence, Mark
from shared.contracts.refusals import Refused
from shared.store.log import Log
from shared.web.bodies import Body, Line, MarkBody, Sha256


class EvidenceBody(Body):
    """A file by its hash; whatever else is said of it must be what it was kept with."""

    sha256: Sha256
    name: Line | None = None
    media_type: Line | None = None
    bytes: Annotated[int, Field(strict=True, ge=0, le=2**40)] | None = None


Files = Annotated[tuple[EvidenceBody, ...], Field(max_length=200)]


@dataclass(frozen=True, slots=True)
class Held:
    """What an office keeps, of the files that an act names; its answers are for a decision.

    Looked up before the decision and judged in it, so that an act that was done already is
    answered as it was, whatever became of its files since.
    """

    files: Mapping[str, Evidence]
    erased: frozenset[str]

    def named(
        self, files: Iterable[EvidenceBody], field: str = "/evidence"
    ) -> tuple[Evidence, ...]:
        """As they were kept.

        Raises Refused: `evidence-unknown`, `evidence-erased-before`, `evidence-differs`.
        """
        return tuple(self._same(one, f"{field}/{number}") for number, one in enumerate(files))

    def marked(self, marks: Iterable[Mark | MarkBody]) -> None:
        """Refuse the first file of a mark that is not kept here, as `named` does.

        `items` are all whose marks rest on that file.
        """
        marks = list(marks)
        for place, mark in enumerate(marks):
            for number, sha256 in enumerate(mark.evidence):
                items = [one.item for one in marks if sha256 in one.evidence]
                self._kept(sha256, f"/marks/{place}/evidence/{number}", items=items)

    def _same(self, one: EvidenceBody, field: str) -> Evidence:
        kept = self._kept(one.sha256, field)
        for name in ("name", "media_type", "bytes"):
            said, is_ = getattr(one, name), getattr(kept, name)
            if name == "media_type" and said is not None:
                said = said.lower()
            if said is not None and said != is_:
                raise Refused("evidence-differs", field=f"{field}/{name}", said=said, kept=is_)
        return kept

    def _kept(self, sha256: str, field: str, **about: list[str]) -> Evidence:
        if sha256 in self.erased:
            raise Refused("evidence-erased-before", field=field, sha256=sha256, **about)
        kept = self.files.get(sha256)
        if kept is None:
            raise Refused("evidence-unknown", field=field, sha256=sha256, **about)
        return kept


async def held(
    log: Log,
    programme: str,
    township: str,
    files: Iterable[EvidenceBody],
    marks: Iterable[Mark | MarkBody] = (),
) -> Held:
    """What this township keeps of the files named here and in these marks."""
    hashes = {one.sha256 for one in files} | {name for mark in marks for name in mark.evidence}
    if not hashes:
        return Held({}, frozenset())
    rows = await log.rows(
        "SELECT sha256, name, media_type, bytes, EXISTS"
        " (SELECT FROM evidence_erasure WHERE sha256 = one.sha256) FROM evidence AS one"
        " WHERE programme = $1 AND township = $2 AND sha256 = ANY($3)",
        *(programme, township, list(hashes)),
    )
    return Held(
        {
            sha256: Evidence(sha256=sha256, name=name, media_type=media_type, bytes=size)
            for sha256, name, media_type, size, _ in rows
        },
        frozenset(row[0] for row in rows if row[4]),
    )
