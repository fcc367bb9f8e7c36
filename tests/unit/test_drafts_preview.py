"""What a draft would come to: points, what no points can mend, and the cheapest way on."""

from dataclasses import replace

import pytest

from services.submission.dossier import Dossier
from services.submission.drafts.losses import losses
from services.submission.drafts.preview import Blocker, preview
from services.submission.planning import record_assessment
from shared.contracts.blocks import Mark
from shared.contracts.dossier import SelfAssessmentRecorded
from shared.contracts.programme import Gate, GateRule, Item, Params
from shared.standard import score
from tests.unit.dossiers import AUGUST, STANDARD, STRICTER, marks, site

GATED = replace(
    STANDARD,
    categories=(
        replace(STANDARD.categories[0], min_share_bp=6_000),
        replace(STANDARD.categories[1], demonstration_min_share_bp=9_000),
    ),
    items=tuple(
        replace(item, key_min_cp=1_500) if item.code == "files" else item for item in STANDARD.items
    ),
    gates=(
        *STANDARD.gates,
        Gate(code="shown", kind="demonstration", name="经验", rule=GateRule(fact="none-shared")),
        Gate(code="fatal", kind="veto", name="死亡事故", rule=GateRule(fact="fatal-accident")),
    ),
)


def test_a_full_draft_lacks_nothing() -> None:
    seen = preview(GATED, marks())
    assert (seen.complete, seen.unmarked, seen.blockers) == (True, (), ())
    assert (seen.to_pass_cp, seen.to_demonstration_cp) == (0, 0)
    assert (seen.cheapest_to_pass, seen.cheapest_to_demonstration) == ((), ())


def test_an_empty_draft_lacks_everything() -> None:
    seen = preview(STANDARD, ())
    assert (seen.complete, seen.to_pass_cp, seen.to_demonstration_cp) == (False, 8000, 9000)
    assert seen.unmarked == ("staff", "rules", "files", "vehicle")
    assert [one.item for one in seen.cheapest_to_pass] == ["rules", "files", "staff"]


def test_points_lacking_are_on_the_rescaled_scale() -> None:
    # 60 of the 90 that apply are 66.66 of 100.
    claimed = (*marks(rules=0)[:3], replace(marks(vehicle=0)[3], applicable=False))
    seen = preview(STANDARD, claimed)
    assert (seen.to_pass_cp, seen.to_demonstration_cp) == (13_34, 23_34)
    assert [one.item for one in seen.cheapest_to_pass] == ["rules"]


def test_what_no_points_can_mend_is_told_by_name_in_the_order_in_which_it_stops_an_office() -> None:
    seen = preview(GATED, marks(staff=9, files=10, vehicle=10), {"none-shared", "fatal-accident"})
    assert [(one.kind, one.blocks, one.name) for one in seen.blockers] == [
        ("prerequisite", "applying", "已配备人员"),
        ("veto", "passing", "无专职人员"),
        ("veto", "passing", "死亡事故"),
        ("key", "passing", "files"),
        ("category", "passing", "人员队伍"),
        ("demonstration", "demonstration", "经验"),
        ("demonstration-category", "demonstration", "制度档案"),
    ]


@pytest.mark.parametrize(
    ("table", "facts", "blocker"),
    [
        (
            marks(staff=15),
            (),
            Blocker(
                kind="veto",
                blocks="passing",
                code="no-full-time",
                name="无专职人员",
                item="staff",
                is_cp=1_500,
                needs_cp=2_000,
            ),
        ),
        (
            marks(files=14),
            (),
            Blocker(
                kind="key",
                blocks="passing",
                code="files",
                name="files",
                item="files",
                is_cp=1_400,
                needs_cp=1_500,
            ),
        ),
        (
            marks(rules=29, files=15),
            (),
            Blocker(
                kind="demonstration-category",
                blocks="demonstration",
                code="paper",
                name="制度档案",
                is_bp=8_800,
                needs_bp=9_000,
            ),
        ),
        (
            marks(),
            ("fatal-accident",),
            Blocker(
                kind="veto",
                blocks="passing",
                code="fatal",
                name="死亡事故",
                fact="fatal-accident",
            ),
        ),
    ],
)
def test_a_blocker_says_what_is_there_and_what_it_needs(
    table: tuple[Mark, ...], facts: tuple[str, ...], blocker: Blocker
) -> None:
    assert blocker in preview(GATED, table, facts).blockers


def test_a_preview_tells_the_totals_that_recording_would() -> None:
    assert preview(STANDARD, marks(files=3)).totals == score(STANDARD, marks(files=3))


def test_where_nothing_applies_there_is_nothing_to_add_up() -> None:
    bare = replace(STANDARD, items=STANDARD.items[3:], gates=())
    claim = replace(marks(vehicle=0)[3], applicable=False)
    seen = preview(bare, [claim])
    assert (seen.totals, seen.to_pass_cp, seen.complete) == (None, None, True)


def test_a_bonus_item_need_not_be_marked() -> None:
    bonus = Item(
        code="extra",
        category="paper",
        name="加分",
        criterion="加分",
        method="capped-bonus",
        params=Params(per_unit_cp=100),
        max_cp=300,
        nature="software",
    )
    assert preview(replace(STANDARD, items=(*STANDARD.items, bonus)), marks()).complete


def recorded(**points: int) -> SelfAssessmentRecorded:
    (event,) = record_assessment(
        Dossier(),
        site(AUGUST),
        assessment_id="S",
        kind="gap",
        standard=STANDARD,
        scored_under=1,
        marks=[mark for mark in marks(**points) if mark.item != "vehicle" or mark.mark_cp],
    )
    assert isinstance(event, SelfAssessmentRecorded)
    return event


def test_losses_are_counted_by_item_with_what_was_not_marked() -> None:
    newer = replace(STRICTER, items=STRICTER.items[:3])
    found = losses(
        [(STANDARD, recorded(files=3)), (STANDARD, recorded(vehicle=0)), (newer, recorded(files=0))]
    )
    assert found.lost == {"files": 2, "vehicle": 1}
    assert found.assessed == {"staff": 3, "rules": 3, "files": 3, "vehicle": 2}
