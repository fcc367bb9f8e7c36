"""The district's letter to the city: whom it recommends, what it encloses, and its coming back.

`package_sha256` of an event is the SHA-256 of the package's manifest, which names every file of
it by hash: whoever has the package can check all of it with nothing else. The files are the bytes
of events as they were published, so that no later version of this code can make other ones.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

from services.review.case import Case, block, pinned, under_review
from services.review.city import check_paper
from services.review.programmes.programme import Programme
from services.review.programmes.standards import no_duplicates
from services.review.team import known_items
from shared.canonical import canonical
from shared.contracts.blocks import Document, ProgrammeSite, Reason, StandardRef, Title
from shared.contracts.case import CaseEvent, RecommendationReturned, Recommended
from shared.contracts.refusals import Refused

LETTER, MANIFEST = "letter.json", "manifest.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Enclosure:
    """One file of a package, by name, hash and size."""

    name: str
    sha256: str
    size: int

    @classmethod
    def of(cls, name: str, content: bytes) -> "Enclosure":
        return cls(name=name, sha256=sha256(content).hexdigest(), size=len(content))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """One case as the letter lists it."""

    case_id: str
    application_id: str
    standard: StandardRef
    district_total_cp: int
    proposed_title: Title


def recommend(
    cases: Sequence[Case],
    programme: Programme,
    *,
    recommendation_id: str,
    decided_by: str,
    enclosed: Mapping[str, Sequence[Enclosure]],
    site: ProgrammeSite,
) -> list[list[CaseEvent]]:
    """Recommend several cases to the city in one letter (`site["document"]`): all, or none.

    `enclosed` are the files about each case. Raises Refused: `cases-missing`, `duplicate-code`,
    `document-missing`, `wrong-stage`.
    """
    if not cases:
        raise Refused("cases-missing")
    listed = [_listed(case) for case in cases]
    no_duplicates("case", (one.case_id for one in listed))
    letter = site.get("document")
    if letter is None:
        raise Refused("document-missing", of="recommendation")
    if programme.opened is None:
        raise Refused("unknown-programme", programme=site["programme"])
    files = [file for one in listed for file in enclosed[one.case_id]]
    first = Enclosure.of(LETTER, letter_text(recommendation_id, letter, listed))
    package = sha256(manifest(recommendation_id, [first, *files])).hexdigest()
    return [
        [
            Recommended(
                **block(case, site),
                recommendation_id=recommendation_id,
                to=programme.holder(programme.opened.city.organisation, site["effective_on"]),
                cases=tuple(other.case_id for other in listed),
                proposed_title=one.proposed_title,
                district_total_cp=one.district_total_cp,
                package_sha256=package,
                decided_by=decided_by,
            )
        ]
        for case, one in zip(cases, listed, strict=True)
    ]


def return_recommendation(
    case: Case,
    programme: Programme,
    reasons: Sequence[Reason],
    *,
    resubmit_by_on: date | None = None,
    on_behalf_of: str | None = None,
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """The city sends the recommendation of a case back; the district may recommend it again.

    The case is where the district's pass had left it, and the city's marks upon this letter count
    no longer. Without a day given, the district has as long as an office that was sent back.
    Raises Refused: `reasons-missing`, `unknown-item`, `days-reversed`, `document-missing`.
    """
    under_review(case, "recommended", "city-marked")
    check_paper(on_behalf_of, site)
    if not reasons:
        raise Refused("reasons-missing")
    known_items(pinned(case, programme), {one.item for one in reasons if one.item is not None})
    if case.recommended is None:
        raise Refused("wrong-stage", stage=case.stage, needed=["recommended"])
    day = site["effective_on"]
    if resubmit_by_on is None:
        resubmit_by_on = programme.calendar().add(day, programme.deadline_wd("resubmit_wd", day))
    elif resubmit_by_on < day:
        raise Refused("days-reversed", of="resubmit_by_on", from_on=day, to_on=resubmit_by_on)
    return [
        RecommendationReturned(
            **block(case, site),
            recommendation_id=case.recommended.recommendation_id,
            reasons=tuple(reasons),
            resubmit_by_on=resubmit_by_on,
        )
    ]


def letter_text(recommendation_id: str, letter: Document, listed: Sequence[Listed]) -> bytes:
    """What the letter lists. Field by field: a field that the contract gains is not in it."""
    return canonical(
        {
            "recommendation_id": recommendation_id,
            "letter": {
                "title": letter.title,
                "issued_on": letter.issued_on,
                "number": letter.number,
                "sha256": letter.sha256,
            },
            "cases": [
                {
                    "case_id": one.case_id,
                    "application_id": one.application_id,
                    "standard": {
                        "code": one.standard.code,
                        "version": one.standard.version,
                        "digest": one.standard.digest,
                    },
                    "district_total_cp": one.district_total_cp,
                    "proposed_title": one.proposed_title,
                }
                for one in listed
            ],
        }
    )


def manifest(recommendation_id: str, files: Sequence[Enclosure]) -> bytes:
    """Every file of the package by name, hash and size; the seal is the hash of these bytes."""
    return canonical(
        {
            "format": 1,
            "recommendation_id": recommendation_id,
            "files": [
                {"name": one.name, "sha256": one.sha256, "bytes": one.size}
                for one in sorted(files, key=lambda one: one.name)
            ],
        }
    )


def _listed(case: Case) -> Listed:
    opened = under_review(case, "preliminary-passed")
    if case.passed is None:
        raise Refused("wrong-stage", stage=case.stage, needed=["preliminary-passed"])
    return Listed(
        case_id=opened.case_id,
        application_id=opened.application_id,
        standard=opened.standard,
        district_total_cp=case.passed.totals.total_cp,
        proposed_title=case.passed.proposed_title,
    )
