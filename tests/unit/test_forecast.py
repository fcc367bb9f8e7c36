"""When an office will be through, by the published rules, and how that is said."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from services.projection.forecast import Forecast
from services.projection.late import Late, late
from services.projection.picture import Picture, picture
from services.projection.reasons import reason_en, reason_zh
from services.projection.sentence import sentence_en, sentence_zh
from services.projection.words import Runs
from shared.contracts.programme import Opened
from tests.unit.story import ALL_DUE, Story

D = date
T = "T"
NOW = datetime(2030, 1, 1, tzinfo=UTC)
RULES = {
    "plan": 10,
    "assess": 15,
    "rectify": 5,
    "apply": 5,
    "accept": 2,
    "inspect": 8,
    "recommend": 3,
    "verify": 15,
    "award": 20,
}
MONDAY = D(2018, 11, 26)


def begun(*townships: str) -> Story:
    story = Story().opened().risk(expected_wd=RULES, at_risk_below_wd=5)
    for township in townships or (T,):
        story.enrolled(township).planned(township, D(2018, 3, 5))
    return story


def seen(story: Story, on: date = MONDAY) -> Picture:
    return picture(story.rows(), on, NOW)


def forecast_of(story: Story, on: date = MONDAY) -> Forecast:
    township = seen(story, on).township(T)
    assert township is not None
    assert township.forecast is not None
    return township.forecast


def steps(forecast: Forecast) -> list[tuple[str, int, str]]:
    return [(part.step, part.expected_wd, part.source) for part in forecast.parts]


def ready() -> Story:
    return begun().assessed(T, MONDAY)


def in_case() -> Story:
    return (
        begun().assessed(T, D(2018, 9, 3)).applied(T, D(2018, 9, 3)).opened_case(T, D(2018, 9, 3))
    )


def test_every_step_from_here_to_the_pass_is_counted_and_no_other() -> None:
    assert steps(forecast_of(ready())) == [
        ("apply", 5, "rules"),
        ("accept", 2, "rules"),
        ("inspect", 8, "rules"),
        ("recommend", 3, "rules"),
        ("verify", 15, "rules"),
    ]


def test_the_days_needed_are_set_against_the_days_left() -> None:
    forecast = forecast_of(ready())
    assert (forecast.needed_wd, forecast.left_wd) == (33, 25)
    assert forecast.expected_on == D(2019, 1, 10)  # 33 weekdays after Monday 26 November
    assert (forecast.spare_wd, forecast.at_risk) == (-8, True)


def test_holidays_are_not_working_days() -> None:
    story = ready().calendar(2019, (D(2019, 1, 1), D(2019, 1, 10)))
    assert forecast_of(story).expected_on == D(2019, 1, 14)


def test_the_days_already_spent_in_a_step_are_not_needed_again() -> None:
    story = in_case().team(T, D(2018, 11, 21)).risk(expected_wd=RULES)
    assert steps(forecast_of(story))[0] == ("inspect", 5, "rules")  # 22, 23 and 26 are spent


def test_recommended_and_verifying_are_one_step() -> None:
    story = in_case().passed(T, D(2018, 11, 14)).recommended(T, D(2018, 11, 19))
    story.city_marks(T, D(2018, 11, 23))
    assert steps(forecast_of(story)) == [("verify", 10, "rules")]


def test_a_step_overdue_takes_another_day_at_least() -> None:
    story = in_case().team(T, D(2018, 9, 10))
    assert steps(forecast_of(story))[0] == ("inspect", 1, "rules")


def test_the_offices_own_days_count_before_the_rules() -> None:
    story = begun().found(T, MONDAY).rectifying(T, MONDAY, D(2018, 12, 7))
    assert steps(forecast_of(story))[0] == ("rectify", 9, "own-plan")


def test_own_days_that_are_past_count_no_more() -> None:
    story = begun().found(T, MONDAY).rectifying(T, MONDAY, D(2018, 11, 20))
    assert steps(forecast_of(story))[0] == ("rectify", 5, "rules")


def test_whoever_is_ready_waits_for_the_batch() -> None:
    story = begun().planned(T, MONDAY, "all-2019", "2019-1").assessed(T, MONDAY)
    story.batch("2019-1", D(2019, 3, 1), D(2019, 6, 30))
    forecast = forecast_of(story)
    assert forecast.parts[0].until_on == D(2019, 3, 1)
    assert (forecast.step, forecast.parts[0].source) == ("apply", "batch")
    assert forecast.expected_on == D(2019, 4, 10)  # 28 weekdays after 1 March


def test_a_batch_that_is_over_makes_way_for_the_next() -> None:
    story = begun().planned(T, MONDAY, batch="2018-1").assessed(T, MONDAY)
    story.batch("2018-1", D(2018, 9, 1), D(2018, 11, 30)).batch(
        "2019-1", D(2019, 3, 1), D(2019, 6, 30)
    )
    assert forecast_of(story).parts[0].until_on == D(2019, 3, 1)


def test_little_to_spare_is_a_risk_though_it_is_in_time() -> None:
    story = in_case().passed(T, D(2018, 12, 3)).recommended(T, D(2018, 12, 5))
    on = D(2018, 12, 10)
    forecast = forecast_of(story, on)
    assert (forecast.expected_on, forecast.spare_wd) == (D(2018, 12, 26), 3)
    assert forecast.at_risk
    assert not forecast_of(story.risk(expected_wd=RULES, at_risk_below_wd=3), on).at_risk


def test_the_sentence_says_who_is_through_who_will_be_and_who_is_held_up() -> None:
    story = begun("A", "B", "C", "E")
    for township, on in (("A", D(2018, 11, 16)), ("B", D(2018, 11, 23))):
        story.verified(township, on)
    story.recommended("C", D(2018, 11, 23))
    story.found("E", MONDAY).rectifying("E", MONDAY, D(2018, 12, 7))
    picture_ = seen(story)
    first, everyone = picture_.targets
    assert text(sentence_zh(picture_, first)) == (
        "首批承诺 4 家：2 家已过市级复验，1 家预计 12月14日过；"
        "E镇停在整改，1 项未销号，差 17 个工作日。"
    )
    assert text(sentence_en(picture_, first)) == (
        "First batch: 4 committed, 2 passed by the city, 1 expected on 14 December; "
        "E镇 is held in rectification, 1 item open, 17 working days short."
    )
    assert text(sentence_zh(picture_, everyone)) == (
        "全部 4 家：2 家已过，2 家预计按期；最晚 2019年1月23日，早 244 个工作日。"
    )
    assert [run["text"] for run in sentence_zh(picture_, first) if run.get("figure")] == [
        "4 家",
        "2 家",
        "1 家",
        "1 项未销号",
        "差 17 个工作日",
    ]


def test_a_missed_target_is_said_so() -> None:
    picture_ = seen(begun(), D(2019, 1, 7))
    assert text(sentence_zh(picture_, picture_.targets[0])) == (
        "首批承诺 1 家：0 家已过市级复验；T镇逾期未过。"
    )


def test_a_target_nobody_committed_to_says_that() -> None:
    picture_ = seen(Story().opened().enrolled(T))
    assert text(sentence_zh(picture_, picture_.targets[0])) == "首批还没有镇街承诺。"


def test_a_full_assessment_is_late_the_day_after_the_preparation_ends() -> None:
    story = begun()
    assert "assessment-late" not in kinds(story, D(2018, 8, 31))
    assert kinds(story, D(2018, 9, 3))["assessment-late"].late_wd == 1
    assert "assessment-late" not in kinds(story.assessed(T, D(2018, 9, 3)), D(2018, 9, 3))


def test_a_plan_is_late_until_it_is_filed() -> None:
    story = Story().opened().enrolled(T)
    assert kinds(story, D(2018, 4, 10))["plan-late"].late_wd == 7
    assert "plan-late" not in kinds(story.planned(T, D(2018, 4, 10)), D(2018, 4, 10))


def test_the_days_of_the_phases_count_however_they_are_listed() -> None:
    story = Story().opened().enrolled(T)
    first = story.received[0]
    assert isinstance(first.event, Opened)
    turned = replace(first.event, phases=first.event.phases[::-1])
    story.received[0] = replace(first, event=turned)
    named = kinds(story, D(2018, 9, 3))
    assert (named["plan-late"].due_on, named["assessment-late"].due_on) == (
        D(2018, 3, 31),
        D(2018, 8, 31),
    )


def test_rectifications_past_their_own_day_are_named_with_the_longest() -> None:
    story = begun().found(T, MONDAY).found(T, MONDAY, "D2").found(T, MONDAY, "D3")
    story.rectifying(T, MONDAY, D(2018, 12, 3)).rectifying(T, MONDAY, D(2018, 12, 5), "D2")
    one = kinds(story, D(2018, 12, 7))["rectification-late"]
    assert text(reason_zh(one)) == "3 项整改中 2 项过了自定完成日，最长 4 个工作日。"
    assert text(reason_en(one)) == "2 of 3 items passed their own day, by up to 4 working days."


def test_a_resubmission_is_late_until_the_office_applies_again() -> None:
    story = in_case().returned(T, D(2018, 11, 8), resubmit_by_on=D(2018, 11, 22))
    assert kinds(story)["resubmission-late"].late_wd == 2
    assert "resubmission-late" not in kinds(story.applied(T, MONDAY, 2))


def test_a_decision_is_late_until_the_district_decides() -> None:
    story = (
        begun()
        .applied(T, D(2018, 9, 3))
        .opened_case(T, D(2018, 9, 3), decide_by_on=D(2018, 10, 22))
    )
    assert kinds(story)["decision-late"].late_wd == 25
    assert "decision-late" not in kinds(story.passed(T, MONDAY))


def test_late_is_a_fact_and_at_risk_a_forecast() -> None:
    story = begun().found(T, MONDAY).rectifying(T, MONDAY, D(2018, 12, 3))
    found = kinds(story, D(2018, 12, 7))
    assert found["at-risk"].severity == "risk"
    assert found["rectification-late"].severity == "late"


def test_nobody_who_left_is_late() -> None:
    assert kinds(begun().left(T, MONDAY), ALL_DUE - timedelta(days=1)) == {}


def kinds(story: Story, on: date = MONDAY) -> dict[str, Late]:
    return {one.kind: one for one in late(seen(story, on))}


def text(said: Runs) -> str:
    return "".join(run["text"] for run in said)
