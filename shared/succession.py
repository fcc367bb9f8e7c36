"""Who stands in whose place: the one rule of every service that lets organisations act.

From the day that an organisation took another's place both are one for what they may do: the
successor acts, and nobody of the predecessor is a stranger to it or shut out by a wrong id. The
successions are those of one programme, in the order of its events.
"""

from collections.abc import Sequence
from datetime import date

from shared.contracts.programme import OrganisationRenamed


def acts_as(
    renamed: Sequence[OrganisationRenamed], organisation: str, other: str, day: date = date.max
) -> bool:
    """Whether one organisation has by `day` the part of the other, or the other had its part."""
    return _part(renamed, organisation, day) == _part(renamed, other, day)


def holder(renamed: Sequence[OrganisationRenamed], organisation: str, day: date = date.max) -> str:
    """Who has by `day` the part that was `organisation`'s: itself, or the last to follow it."""
    for one in renamed:  # in their order: who is followed took part before
        if one.successor_of == organisation and one.from_on <= day:
            organisation = one.organisation
    return organisation


def _part(renamed: Sequence[OrganisationRenamed], organisation: str, day: date) -> str:
    """The first organisation of the line that this one stands in."""
    for one in reversed(renamed):
        if one.organisation == organisation and one.successor_of and one.from_on <= day:
            organisation = one.successor_of
    return organisation
