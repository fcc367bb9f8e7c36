"""What a case was awarded, put right and taken away: titles with their plaques."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal, Self

from shared.contracts.blocks import Title
from shared.contracts.case import TitleAwarded, TitleCorrected, TitleRevoked


@dataclass(frozen=True, slots=True, kw_only=True)
class TitleStep:
    """A title was awarded (`title` says which) or revoked (None); `event` is the award's id."""

    version: int
    on: date
    plaque: str
    title: Title | None
    replaces: str | None = None
    event: str = ""
    award: str = ""
    valid_until_on: date | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A field of a title was put right; `award` is the id of the event that awarded it."""

    version: int
    on: date
    event: str
    award: str
    field: Literal["title", "plaque_number", "valid_until_on"]
    was: str | None
    now: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTitle:
    """A title as it reads now; `numbers` are all that its plaque ever bore.

    `award` is common to one ceremony, `event` is the id of this title's own.
    """

    event: str
    award: str
    title: Title
    plaque: str
    awarded_on: date
    valid_until_on: date | None
    replaces: str | None
    numbers: frozenset[str]
    revoked_on: date | None = None
    revoked_for: str | None = None
    corrections: tuple[Correction, ...] = ()
    versions: tuple[int, ...]

    def corrected(self, corrections: Iterable[Correction]) -> Self:
        """With what was put right in it, the last word counting."""
        held = self
        for one in corrections:
            if one.award != self.event:
                continue
            held = replace(
                held,
                corrections=(*held.corrections, one),
                versions=(*held.versions, one.version),
            )
            match one.field, one.now:
                case "title", ("compliant" | "demonstration") as title:
                    held = replace(held, title=title)
                case "plaque_number", str() as plaque:
                    held = replace(held, plaque=plaque, numbers=held.numbers | {plaque})
                case "valid_until_on", day:
                    until_on = date.fromisoformat(day) if day else None
                    held = replace(held, valid_until_on=until_on)
        return held


def held(steps: Iterable[TitleStep], corrections: Sequence[Correction]) -> list[HeldTitle]:
    """Every title of a case in the order of awarding; only the last can still be in force."""
    found: list[HeldTitle] = []
    for step in steps:
        if step.title is not None:
            award = HeldTitle(
                event=step.event,
                award=step.award,
                title=step.title,
                plaque=step.plaque,
                awarded_on=step.on,
                valid_until_on=step.valid_until_on,
                replaces=step.replaces,
                numbers=frozenset({step.plaque}),
                versions=(step.version,),
            )
            found.append(award.corrected(corrections))
        elif found:
            # A number nobody knows was corrected later, and means the title at hand.
            named = (at for at, one in enumerate(found) if step.plaque in one.numbers)
            at = next(named, len(found) - 1)
            found[at] = replace(
                found[at],
                revoked_on=step.on,
                revoked_for=step.code,
                versions=(*found[at].versions, step.version),
            )
    return found


def title_step(event: object, version: int, on: date, id_: str) -> TitleStep | None:
    """What an event awards or takes away; None for one that does neither."""
    match event:
        case TitleAwarded() as award:
            return TitleStep(
                version=version,
                on=on,
                plaque=award.plaque_number,
                title=award.title,
                replaces=award.replaces_title,
                event=id_,
                award=award.award_id,
                valid_until_on=award.valid_until_on,
            )
        case TitleRevoked(plaque_number=plaque, code=code):
            return TitleStep(version=version, on=on, plaque=plaque, title=None, code=code)
        case _:
            return None


def correction(
    event: TitleCorrected, version: int, on: date, id_: str, earlier: Iterable[Correction]
) -> Correction:
    """A correction may put an earlier one right; either way it is about one award."""
    awards = {one.event: one.award for one in earlier}
    return Correction(
        version=version,
        on=on,
        event=id_,
        award=awards.get(event.corrects, event.corrects),
        field=event.field,
        was=event.was,
        now=event.is_,
    )
