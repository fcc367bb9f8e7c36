"""The numbers on plaques, each of which is given once and never again."""

from shared.contracts.case import TitleAwarded, TitleCorrected
from shared.contracts.registry import Event
from shared.official_numbers import comparable
from shared.store.streams import Claim


def claims_of(event: Event) -> list[Claim]:
    """What an event of this service takes for ever: the number that it puts on a plaque."""
    match event:
        case TitleAwarded(plaque_number=number):
            return [Claim("plaque", comparable(number), "plaque-in-use")]
        case TitleCorrected(field="plaque_number", is_=str(number)):
            return [Claim("plaque", comparable(number), "plaque-in-use")]
        case _:
            return []
