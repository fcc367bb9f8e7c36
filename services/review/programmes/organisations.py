"""The organisations of a programme: their names, which are dated, and who followed whom."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from services.review.programmes.programme import Programme, in_being
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.programme import OrganisationRenamed, ProgrammeEvent
from shared.contracts.refusals import Refused, not_before


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What an organisation is called from a day on; its first name, from the day it took part."""

    name: str
    from_on: date
    document_prefix: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What an organisation is in the programme; an office or government is so for a township."""

    part: str
    township: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """The name to be borne, and whose place is taken by it, if anybody's."""

    name: str
    from_on: date
    document_prefix: str | None = None
    successor_of: str | None = None


def parts(programme: Programme) -> dict[str, list[Part]]:
    """What every organisation is here, by its id; a successor is all that it took over."""
    found: dict[str, list[Part]] = {}
    for organisation, _, part in _first_named(programme):
        mine = found.setdefault(organisation, [])
        if part not in mine:
            mine.append(part)
    for one in programme.renamed:
        if one.successor_of is not None:
            found[one.organisation] = found[one.successor_of]
    return found


def names(programme: Programme) -> dict[str, list[Name]]:
    """Every name of every organisation, by its id, in the order of their days."""
    found: dict[str, list[Name]] = {}
    for organisation, name, _ in _first_named(programme):
        found.setdefault(organisation, []).append(name)
    for one in programme.renamed:
        found.setdefault(one.organisation, []).append(
            Name(name=one.name, from_on=one.from_on, document_prefix=one.document_prefix)
        )
    # Stable: of one day the later event counts.
    return {
        organisation: sorted(given, key=lambda one: one.from_on)
        for organisation, given in found.items()
    }


def name_on(given: Sequence[Name], day: date) -> Name | None:
    """The name borne on `day`; None before the organisation took part."""
    return next((one for one in reversed(given) if one.from_on <= day), None)


def rename_organisation(
    programme: Programme, organisation: str, naming: Naming, *, site: ProgrammeSite
) -> list[ProgrammeEvent]:
    """Give an organisation another name from a day on, or let one take another's place.

    A name may be entered ahead of its day or after it; a place is taken only once it happened, for
    from then on the successor acts. The end of a programme hinders neither: its cases go on.
    Raises Refused: `unknown-organisation`, `organisation-takes-part` for a successor that is known
    here already, `organisation-succeeded`, `succession-to-come`, `document-missing` where a place
    is taken, `name-too-early`.
    """
    about = (organisation, naming.successor_of)
    in_being(programme, site, after=[one for one in programme.renamed if one.organisation in about])
    known = names(programme)
    said = known.get(organisation, [])
    if not said:
        said = known[_followed(programme, organisation, naming, site)]
    elif naming.successor_of not in (None, _follows(programme, organisation)):
        raise Refused("organisation-takes-part", organisation=organisation)
    elif _same(naming, said[-1]):
        return []
    not_before(site["effective_on"], said[0].from_on)
    earliest_on = said[-1].from_on
    if naming.from_on < earliest_on:
        raise Refused(
            "name-too-early",
            organisation=organisation,
            from_on=naming.from_on,
            earliest_on=earliest_on,
        )
    return [
        OrganisationRenamed(
            **site,
            organisation=organisation,
            name=naming.name,
            previous_name=said[-1].name,
            from_on=naming.from_on,
            document_prefix=naming.document_prefix,
            successor_of=None if organisation in known else naming.successor_of,
        )
    ]


def _followed(programme: Programme, organisation: str, naming: Naming, site: ProgrammeSite) -> str:
    """The organisation whose place is taken by one that is new here."""
    followed = naming.successor_of
    if followed is None or followed not in parts(programme):
        raise Refused("unknown-organisation", organisation=followed or organisation)
    if (holder := programme.holder(followed)) != followed:
        raise Refused("organisation-succeeded", organisation=followed, successor=holder)
    if naming.from_on > site["effective_on"]:
        raise Refused(
            "succession-to-come", from_on=naming.from_on, effective_on=site["effective_on"]
        )
    if site.get("document") is None:
        raise Refused("document-missing", of="succession")
    return followed


def _follows(programme: Programme, organisation: str) -> str | None:
    own = (one.successor_of for one in programme.renamed if one.organisation == organisation)
    return next(own, None)


def _same(naming: Naming, name: Name) -> bool:
    prefixes = (None, name.document_prefix)
    return naming.name == name.name and naming.document_prefix in prefixes


def _first_named(programme: Programme) -> Iterator[tuple[str, Name, Part]]:
    """Who was named by the opening and by each enrolment."""
    opened = programme.opened
    if opened is None:
        return
    for bureau, part in ((opened.district, "district"), (opened.city, "city")):
        yield (
            bureau.organisation,
            Name(name=bureau.name, from_on=opened.effective_on),
            Part(part=part),
        )
    for one, _ in programme.stays:
        for organisation, name, part in (
            (one.office, one.office_name, "office"),
            (one.government, one.government_name, "government"),
        ):
            yield (
                organisation,
                Name(name=name, from_on=one.enrolled_on),
                Part(part=part, township=one.township),
            )
