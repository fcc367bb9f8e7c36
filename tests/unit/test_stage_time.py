"""Since when a township stands where it does, and when its answer is missing."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest

from services.projection.models.dossier import DossierProgress
from services.projection.models.rows import Rows
from services.projection.stage import Run, Stage, history, stuck
from tests.unit.story import Story
from tests.unit.test_stage import (
    AFTER,
    END,
    JUNE,
    MAY,
    OCTOBER,
    SEPTEMBER,
    D,
    T,
    applied,
    begun,
    ready,
    returned,
)


def runs_of(rows: Rows, on: date = END) -> list[Run]:
    dossier = rows.dossiers.get(T, DossierProgress())
    return list(history(dossier, rows.cases_of(T), rows.programme.townships()[T], on))


def test_a_stay_begins_on_the_first_day_of_the_uninterrupted_run() -> None:
    story = begun().planned(T, MAY).assessed(T, JUNE).found(T, D(2018, 6, 5)).planned(T, OCTOBER)
    assert runs_of(story.rows()) == [
        Run(Stage.ENROLLED, D(2018, 2, 5)),
        Run(Stage.PLANNED, MAY),
        Run(Stage.READY, JUNE),
        Run(Stage.ASSESSED, D(2018, 6, 5)),
    ]


def test_a_stage_left_and_entered_again_counts_from_the_second_entry() -> None:
    rows = returned().rectified(T, AFTER, "R1").assessed(T, AFTER).rows()
    assert runs_of(rows)[-2:] == [Run(Stage.RECTIFYING, OCTOBER), Run(Stage.READY, AFTER)]
    assert [run.stage for run in runs_of(rows)].count(Stage.READY) == 2


def test_what_happened_within_one_day_leaves_only_its_end() -> None:
    story = begun().planned(T, MAY).assessed(T, MAY)
    assert runs_of(story.rows())[-1] == Run(Stage.READY, MAY)
    assert Stage.PLANNED not in {run.stage for run in runs_of(story.rows())}


def test_a_back_dated_event_moves_the_entry_day() -> None:
    story = begun().assessed(T, JUNE).planned(T, MAY)
    assert runs_of(story.rows())[1:] == [Run(Stage.PLANNED, MAY), Run(Stage.READY, JUNE)]


def test_an_application_without_an_answer_is_stuck_after_a_minute() -> None:
    rows = ready().applied(T, SEPTEMBER).rows()
    recorded_at = rows.dossiers[T].applications[0].recorded_at
    dossier = rows.dossiers[T]
    assert stuck(dossier, [], recorded_at + timedelta(seconds=60)) is None
    assert stuck(dossier, [], recorded_at + timedelta(seconds=61)) == "no-case"


@pytest.mark.parametrize(
    "story",
    [
        lambda: applied(),
        lambda: ready().applied(T, SEPTEMBER).rejected(T, SEPTEMBER),
        lambda: ready().applied(T, SEPTEMBER).echo_closed(T, SEPTEMBER, "withdrawn"),
        lambda: ready(),
    ],
    ids=["a case", "a rejection", "an echo", "no application"],
)
def test_whatever_answers_it_ends_that(story: Callable[[], Story]) -> None:
    rows = story().rows()
    late = datetime(2030, 1, 1, tzinfo=UTC)
    assert stuck(rows.dossiers[T], rows.cases_of(T), late) is None


def test_an_answer_to_an_earlier_round_does_not_answer_this_one() -> None:
    rows = returned().applied(T, AFTER, 2).rows()
    late = datetime(2030, 1, 1, tzinfo=UTC)
    assert stuck(rows.dossiers[T], rows.cases_of(T), late) == "no-case"
