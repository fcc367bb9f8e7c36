"""What an auditor finds, and what is in order and not listed."""

from dataclasses import replace
from datetime import UTC, date, datetime
from uuid import UUID

from services.projection.audit import Finding, finding, finding_json
from shared.contracts import dossier
from shared.contracts.blocks import Document
from shared.messaging.reactions import Received
from tests.unit.story import Story
from tests.unit.told_team import marked

D = date


def last(story: Story, **record: object) -> Finding | None:
    """The last event, recorded on its own day unless said otherwise."""
    one = story.received[-1]
    at = datetime(one.record.effective_on.year, 1, 1, 4, tzinfo=UTC).replace(
        month=one.record.effective_on.month, day=one.record.effective_on.day
    )
    changed = one.record._replace(**{"recorded_at": at, **record})  # type: ignore[arg-type]
    return finding((1, changed, one.event))


def test_what_was_told_on_its_day_is_in_order() -> None:
    assert last(Story().planned("A", D(2018, 3, 5))) is None


def test_a_day_ends_at_midnight_in_shanghai() -> None:
    story = Story().planned("A", D(2018, 3, 5))
    before, after = datetime(2018, 3, 5, 15, 59, tzinfo=UTC), datetime(2018, 3, 5, 16, tzinfo=UTC)
    assert last(story, recorded_at=before) is None
    found = last(story, recorded_at=after)
    assert found is not None
    assert (found.kinds, found.recorded_on) == (("back-dated",), D(2018, 3, 6))


def test_a_back_dated_event_says_why_and_by_how_many_days() -> None:
    story = Story().dossier(
        dossier.DeficiencyWithdrawn,
        "A",
        D(2018, 3, 5),
        deficiency_id="D1",
        item="i1",
        by="self",
        reason="误记",
        backdated_reason="停电",
        document=Document(title="说明", issued_on=D(2018, 3, 9)),
    )
    found = last(story, recorded_at=datetime(2018, 3, 9, 4, tzinfo=UTC))
    assert found is not None
    line = finding_json(found)
    assert [kind["code"] for kind in line["kinds"]] == ["back-dated", "corrected"]
    assert (line["days_later"], line["backdated_reason"]) == (4, "停电")


def test_what_followed_by_itself_names_its_cause_and_an_act_names_none() -> None:
    story = Story().planned("A", D(2018, 3, 5))
    late, cause = datetime(2018, 3, 9, 4, tzinfo=UTC), UUID(int=7)
    act, reaction = last(story, recorded_at=late), last(story, recorded_at=late, causation=cause)
    assert act is not None
    assert reaction is not None
    assert finding_json(act)["caused_by"] is None
    assert finding_json(reaction)["caused_by"] == str(cause)


def test_what_was_done_after_its_day_is_late() -> None:
    story = Story().planned("A", D(2018, 4, 4))
    one = story.received[-1]
    assert isinstance(one.event, dossier.PlanFiled)
    story.received[-1] = Received(one.record, replace(one.event, late_wd=3))
    found = last(story)
    assert found is not None
    assert (found.kinds, found.late_wd) == (("late",), 3)


def test_marks_that_supersede_others_are_listed_and_the_first_ones_are_not() -> None:
    assert last(marked(Story(), "A", D(2018, 9, 18), "o1")) is None
    found = last(marked(Story(), "A", D(2018, 9, 18), "o1", supersedes=4))
    assert found is not None
    assert (found.kinds, found.corrects) == (("corrected",), {"supersedes": 4})


def test_a_corrected_title_names_the_award() -> None:
    story = Story().awarded("A", D(2018, 12, 20)).corrected("A", D(2018, 12, 21), "title", "x", "y")
    found = last(story)
    assert found is not None
    assert found.corrects == {"corrects": str(story.received[0].record.id)}


def test_who_acts_for_another_is_listed_with_whom() -> None:
    story = Story().planned("A", D(2018, 3, 5))
    found = last(story, on_behalf_of="370400-safety")
    assert found is not None
    assert (found.kinds, found.on_behalf_of) == (("on-behalf",), "370400-safety")


def test_an_event_nobody_here_can_read_is_passed_over() -> None:
    one = Story().planned("A", D(2018, 3, 5)).received[-1]
    late = one.record._replace(recorded_at=datetime(2019, 1, 1, tzinfo=UTC))
    assert finding((1, late, None)) is None
