"""What a passed case leads to: a title with its plaque, put right or taken away, and the end."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from services.review.case import Case, block, check_no_veto, pinned, under_review
from services.review.city import check_paper
from services.review.holdings import HeldTitle, TitleField
from services.review.programmes.programme import Programme
from services.review.programmes.standards import no_duplicates
from shared.contracts.blocks import ProgrammeSite, Title
from shared.contracts.case import CaseEvent, Closed, TitleAwarded, TitleCorrected, TitleRevoked
from shared.contracts.refusals import Refused
from shared.official_numbers import comparable


@dataclass(frozen=True, slots=True, kw_only=True)
class Award:
    """The title that one case is given, with the number on its plaque."""

    title: Title
    plaque_number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Correction:
    """A value that was written wrongly, and the right one, as events write them."""

    field: TitleField
    was: str | None
    is_: str | None
    reason: str


def award_titles(
    cases: Sequence[Case],
    awards: Sequence[Award],
    programme: Programme,
    *,
    award_id: str,
    earlier: Sequence[Sequence[Case]] = (),
    valid_until_on: date | None = None,
    on_behalf_of: str | None = None,
    site: ProgrammeSite,
) -> list[list[CaseEvent]]:
    """Award many titles in one act: all, or none.

    `earlier` are each township's rounds before, in their order: the title it holds from them is
    replaced, and named. That a plaque number was never used before is the store's to say: it is
    claimed for ever, as `comparable` writes it. Raises Refused: `cases-missing`, `duplicate-code`,
    `wrong-stage`, `vetoed`, `title-beyond-verdict`, `plaque-in-use`, `plaque-number-empty`,
    `days-reversed`, `document-missing`.
    """
    check_paper(on_behalf_of, site)
    if not cases:
        raise Refused("cases-missing")
    if len(cases) != len(awards):
        raise ValueError("an award for each case")
    no_duplicates("case", (case.opened.case_id for case in cases if case.opened))
    for value, times in Counter(comparable(award.plaque_number) for award in awards).items():
        if not value:
            raise Refused("plaque-number-empty")
        if times > 1:
            raise Refused("plaque-in-use", value=value)
    _check_validity(valid_until_on, site["effective_on"])
    before = earlier or [()] * len(cases)
    found: list[list[CaseEvent]] = []
    for case, award, rounds in zip(cases, awards, before, strict=True):
        under_review(case, "city-passed")
        verdict = case.city_passed
        if verdict is None:
            raise Refused("wrong-stage", stage=case.stage, needed=["city-passed"])
        check_no_veto(case, pinned(case, programme))
        _check_verdict(case, award.title)
        holds = title_in_force(rounds)
        event = TitleAwarded(
            **block(case, site),
            title=award.title,
            plaque_number=award.plaque_number.strip(),
            city_passed_on=verdict.passed_on,
            awarded_on=site["effective_on"],
            award_id=award_id,
            valid_until_on=valid_until_on,
            replaces_title=holds.plaque_number if holds else None,
        )
        found.append([event])
    return found


def title_in_force(rounds: Sequence[Case]) -> HeldTitle | None:
    """The title that a township holds by these rounds: an expired one too, a revoked one not.

    Each title replaces the one before it, and what was replaced never revives.
    """
    last = next((case.title for case in reversed(rounds) if case.title is not None), None)
    return last if last is not None and last.revoked is None else None


def correct_title(
    case: Case,
    given: Correction,
    *,
    corrects: str,
    later: Sequence[Case] = (),
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Put one value of a title in force right, after the case is closed too.

    `corrects` is the id of the event that was wrong, `later` are the rounds that follow. It holds
    from the effective day, which is no earlier than the statement that it corrects. A number that
    the title never bore must be claimed (`new_plaque`). Raises Refused: `case-unknown`,
    `title-missing`, `title-revoked`, `title-replaced`, `present-value-differs`,
    `title-beyond-verdict`, `plaque-number-empty`, `days-reversed`.
    """
    held = in_force(case, later)
    present = held.present(given.field)
    if given.is_ == present:
        return []
    if given.was != present:
        raise Refused("present-value-differs", field=given.field, was=given.was, present=present)
    match given.field:
        case "title":
            _check_verdict(case, "demonstration" if given.is_ == "demonstration" else "compliant")
        case "plaque_number":
            if not comparable(given.is_ or ""):
                raise Refused("plaque-number-empty")
        case "valid_until_on":
            until = date.fromisoformat(given.is_) if given.is_ else None
            _check_validity(until, held.awarded.awarded_on)
    since = held.stated_on.get(given.field, held.awarded.effective_on)
    return [
        TitleCorrected(
            **block(case, site, since=since),
            corrects=corrects,
            field=given.field,
            was=present,
            is_=given.is_,
            reason=given.reason,
        )
    ]


def new_plaque(case: Case, events: Sequence[CaseEvent]) -> str | None:
    """The number, as it is claimed, that these events give a title which never bore it before."""
    borne = {comparable(one) for one in case.title.plaques} if case.title else set()
    for event in events:
        if isinstance(event, TitleCorrected) and event.field == "plaque_number":
            key = comparable(event.is_ or "")
            return None if key in borne else key
    return None


def revoke_title(
    case: Case,
    *,
    code: str,
    reason: str,
    decided_by: str,
    later: Sequence[Case] = (),
    site: ProgrammeSite,
) -> list[CaseEvent]:
    """Take a title away, after the case is closed too; its number is never used again.

    Twice is nothing. Raises Refused: `case-unknown`, `title-missing`, `title-replaced`.
    """
    if case.title is not None and case.title.revoked is not None:
        return []
    held = in_force(case, later)
    since = max(held.awarded.effective_on, *held.stated_on.values(), date.min)
    return [
        TitleRevoked(
            **block(case, site, since=since),
            title=held.title,
            plaque_number=held.plaque_number,
            revoked_on=site["effective_on"],
            code=code,
            reason=reason,
            decided_by=decided_by,
        )
    ]


def in_force(case: Case, later: Sequence[Case] = ()) -> HeldTitle:
    """The title of this case, if it still stands.

    Raises Refused: `case-unknown`, `title-missing`, `title-revoked`, `title-replaced`.
    """
    held = titled(case)
    if held.revoked is not None:
        raise Refused("title-revoked", revoked_on=held.revoked.revoked_on)
    if (follower := replaced_by(case, later)) is not None:
        raise Refused("title-replaced", plaque=held.plaque_number, by=follower.plaque_number)
    return held


def replaced_by(case: Case, later: Sequence[Case]) -> HeldTitle | None:
    """The title of a later round that took the place of this case's."""
    borne = case.title.plaques if case.title else ()
    return next(
        (one.title for one in later if one.title and one.title.awarded.replaces_title in borne),
        None,
    )


def titled(case: Case) -> HeldTitle:
    """The title that was awarded, whether it stands or not; else Refused."""
    if case.opened is None:
        raise Refused("case-unknown")
    if case.title is None:
        raise Refused("title-missing")
    return case.title


def close_case(case: Case, *, reason: str | None = None, site: ProgrammeSite) -> list[CaseEvent]:
    """End a case whose title is awarded; every other outcome ends with its own decision."""
    under_review(case, "awarded")
    return [
        Closed(
            **block(case, site),
            outcome="awarded",
            closed_on=site["effective_on"],
            reason=reason,
        )
    ]


def _check_verdict(case: Case, title: Title) -> None:
    verdict = case.city_passed
    if verdict is not None and title == "demonstration" and verdict.title != "demonstration":
        raise Refused("title-beyond-verdict", case=verdict.case_id)


def _check_validity(until_on: date | None, awarded_on: date) -> None:
    if until_on is not None and until_on < awarded_on:
        raise Refused("days-reversed", of="valid_until_on", from_on=awarded_on, to_on=until_on)
