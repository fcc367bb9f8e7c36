"""The three marks of an item side by side, each by its own hand; none stands for another."""

from datetime import date
from typing import Literal

from pydantic import BaseModel

from services.review.place import Scene
from shared.contracts.blocks import AgreedMark, CategoryTotal, Mark, Totals
from shared.contracts.case import ConsensusRecorded
from shared.contracts.programme import StandardPublished


class SelfMark(BaseModel):
    """What the office gave itself, with its reason and evidence, who signed and when."""

    mark: Mark
    signed_by: str
    on: date


class DistrictMark(BaseModel):
    """What the team agreed, with the spread of its marks and who gave them, its leader and day."""

    mark: AgreedMark
    leader: str
    on: date


class CityMark(BaseModel):
    """What the city found, for whom it was written down, and when it looked."""

    mark: Mark
    inspected_on: date
    on: date
    on_behalf_of: str | None


class ItemView(BaseModel):
    """One item with its three marks; null where there is none, or none to be seen.

    `self_cp`, `district_cp` and `city_cp` are the points of each, for a table.
    """

    item: str
    category: str
    name: str
    max_cp: int
    self_cp: int | None
    district_cp: int | None
    city_cp: int | None
    own: SelfMark | None
    district: DistrictMark | None
    city: CityMark | None


class CategoryView(BaseModel):
    """One category by the three hands; the city's is null where it gave a total alone."""

    category: str
    name: str
    own: CategoryTotal | None
    district: CategoryTotal | None
    city: CategoryTotal | None


class TotalsView(BaseModel):
    """The three totals, and how finely the city marks: by item, by category, or a total alone."""

    self_cp: int
    district_cp: int | None
    city_cp: int | None
    city_granularity: Literal["item", "category", "total"] | None


def items(
    scene: Scene, standard: StandardPublished, consensus: ConsensusRecorded | None
) -> list[ItemView]:
    """Every item of the standard; `consensus` is None for whoever may not see it yet."""
    own, district, city = _own(scene), _district(consensus), _city(scene)
    return [
        ItemView(
            item=one.code,
            category=one.category,
            name=one.name,
            max_cp=one.max_cp,
            self_cp=own[one.code].mark.mark_cp if one.code in own else None,
            district_cp=district[one.code].mark.mark_cp if one.code in district else None,
            city_cp=city[one.code].mark.mark_cp if one.code in city else None,
            own=own.get(one.code),
            district=district.get(one.code),
            city=city.get(one.code),
        )
        for one in standard.items
    ]


def categories(
    scene: Scene, standard: StandardPublished, consensus: ConsensusRecorded | None
) -> list[CategoryView]:
    """Every category of the standard by the three hands."""
    case = scene.case
    own = _by_category(case.opened.self_totals if case.opened else None)
    district = _by_category(consensus.totals if consensus else None)
    city = _by_category(case.city_marks.totals if case.city_marks else None)
    return [
        CategoryView(
            category=one.code,
            name=one.name,
            own=own.get(one.code),
            district=district.get(one.code),
            city=city.get(one.code),
        )
        for one in standard.categories
    ]


def _by_category(totals: Totals | None) -> dict[str, CategoryTotal]:
    return {one.category: one for one in totals.by_category} if totals else {}


def _own(scene: Scene) -> dict[str, SelfMark]:
    opened = scene.case.opened
    found = scene.applications.submitted.get(opened.application_id) if opened else None
    if found is None:
        return {}
    return {
        mark.item: SelfMark(mark=mark, signed_by=found.signed_by, on=found.effective_on)
        for mark in found.marks
    }


def _district(consensus: ConsensusRecorded | None) -> dict[str, DistrictMark]:
    if consensus is None:
        return {}
    return {
        mark.item: DistrictMark(mark=mark, leader=consensus.leader, on=consensus.effective_on)
        for mark in consensus.marks
    }


def _city(scene: Scene) -> dict[str, CityMark]:
    given = scene.case.city_marks
    if given is None:
        return {}
    return {
        mark.item: CityMark(
            mark=mark,
            inspected_on=given.inspected_on,
            on=given.effective_on,
            on_behalf_of=given.on_behalf_of,
        )
        for mark in given.marks or ()
    }
