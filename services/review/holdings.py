"""What a case leads to as it stands after its corrections: a title, and money."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Literal, Self, cast

from shared.contracts.blocks import Title
from shared.contracts.case import (
    RewardCancelled,
    RewardGranted,
    TitleAwarded,
    TitleCorrected,
    TitleRevoked,
)

TitleField = Literal["title", "plaque_number", "valid_until_on"]


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldTitle:
    """A title with its present values; `plaques` are all the numbers it ever bore, in order.

    `stated_on` has the day from which the present value of a corrected field holds.
    """

    awarded: TitleAwarded
    title: Title
    plaque_number: str
    valid_until_on: date | None
    plaques: tuple[str, ...]
    stated_on: Mapping[str, date] = field(default_factory=dict)
    revoked: TitleRevoked | None = None

    @classmethod
    def of(cls, awarded: TitleAwarded) -> Self:
        """As it was awarded."""
        return cls(
            awarded=awarded,
            title=awarded.title,
            plaque_number=awarded.plaque_number,
            valid_until_on=awarded.valid_until_on,
            plaques=(awarded.plaque_number,),
        )

    def present(self, name: TitleField) -> str | None:
        """The value of a field as events write it."""
        match name:
            case "title":
                return self.title
            case "plaque_number":
                return self.plaque_number
            case "valid_until_on":
                return self.valid_until_on.isoformat() if self.valid_until_on else None

    def corrected(self, event: TitleCorrected) -> "HeldTitle":
        """With the right value in the place of the wrong one."""
        stated = replace(self, stated_on={**self.stated_on, event.field: event.effective_on})
        match event.field:
            case "title":
                return replace(stated, title=cast(Title, event.is_))
            case "plaque_number":
                number = event.is_ or ""
                return replace(stated, plaque_number=number, plaques=(*self.plaques, number))
            case "valid_until_on":
                until = date.fromisoformat(event.is_) if event.is_ else None
                return replace(stated, valid_until_on=until)


@dataclass(frozen=True, slots=True)
class Reward:
    """What was granted, what of it has been paid, and whether the rest ever will be."""

    granted: RewardGranted
    paid_fen: int = 0
    paid_on: date = date.min
    cancelled: RewardCancelled | None = None

    @property
    def left_fen(self) -> int:
        """What is granted and not paid."""
        return self.granted.amount_fen - self.paid_fen
