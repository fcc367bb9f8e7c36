"""The year's assessment sheet as a draft: what the ranking and the titles say, to be signed."""

from services.projection.picture import Picture
from services.projection.ranking import ranking
from services.projection.stage import Stage
from shared.contracts.programme import AnnualRow


def annual_rows(picture: Picture) -> list[AnnualRow]:
    """A row for each township that takes part on the day, by division code.

    Points are the city's total that the ranking counts, and none without one. More points never
    rank behind fewer and equal points rank alike, so a tie that the ranking breaks stays one
    here; while nobody has points, nobody is ranked. A title in force is preferred (优先考虑).
    """
    totals = {one.township: one.city_total_cp or 0 for one in ranking(picture).rows}
    part = [one for one in picture.townships if one.stage is not Stage.LEFT]
    points = {one.code: totals[one.code] for one in part}
    ranked = any(points.values())
    return [
        AnnualRow(
            township=one.code,
            points_cp=points[one.code],
            rank=1 + sum(other > points[one.code] for other in points.values()) if ranked else None,
            priority=one.title is not None,
        )
        for one in sorted(part, key=lambda one: one.code)
    ]
