"""That the data of an event had to go by law: on every topic, in the stream of that very event.

`subject` and `version` name the event, `basis` is the paper that orders it. Its place, its headers
and its proof stay; folds pass over what was erased and over `erased` itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from shared.contracts.blocks import Document, OfCase, OfProgramme, OfTownship


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgrammeErased(OfProgramme):
    """The data of an earlier event of this programme had to go; `basis` is what orders it."""

    subject: str
    version: int
    basis: Document
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DossierErased(OfTownship):
    """The data of an earlier event of this dossier had to go; `basis` is what orders it."""

    subject: str
    version: int
    basis: Document
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseErased(OfCase):
    """The data of an earlier event of this case had to go; `basis` is what orders it."""

    subject: str
    version: int
    basis: Document
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeErased(OfProgramme):
    """The data of an earlier event of this stream had to go; `basis` is what orders it."""

    subject: str
    version: int
    basis: Document
    reason: str | None = None


Erased = ProgrammeErased | DossierErased | CaseErased | NoticeErased

BY_CONTEXT: Mapping[str, type[Erased]] = {
    "programme": ProgrammeErased,
    "dossier": DossierErased,
    "case": CaseErased,
    "notice": NoticeErased,
}
