"""What notices say: every event of a dossier or case has a sentence in both languages."""

import re
from dataclasses import replace
from datetime import date

import pytest

from services.notification.policies import STEPS
from services.notification.reactions import ERASED
from services.notification.sentences import TEMPLATES
from services.notification.templates import title
from services.notification.words import WORDS
from shared.contracts import case, dossier
from shared.contracts.payloads import example
from shared.contracts.registry import ADAPTERS, BY_TYPE, CONTEXTS, Event, decode

NAMES = {
    "equipment-5": "执法记录仪",
    "first-2018": "2018年首批",
    "2018-1": "2018年第一批",
    "preparation": "创建准备",
    "no-office": "无独立机构",
    "370406001-gov": "山城街道办事处",
}
TOLD = sorted(
    name
    for name in {*CONTEXTS["dossier"].events, *CONTEXTS["case"].events, *TEMPLATES}
    if BY_TYPE[name] not in ERASED
)


def golden(name: str) -> Event:
    return decode(name, example(name))


@pytest.mark.parametrize("name", TOLD)
def test_an_event_has_a_sentence_in_each_language_without_raw_data(name: str) -> None:
    said = title(golden(name), NAMES)
    assert re.search(r"[一-鿿]", said.zh)
    assert re.search(r"[a-z]{3}", said.en)
    for sentence in (said.zh, said.en):
        assert not re.search(r"None|\{|\}|[0-9]{4}-[0-9]{2}-[0-9]{2}|[a-z]_[a-z]", sentence)
        assert not re.search(r"[A-Za-z]", said.zh.replace("2018-1", ""))


def of_case(name: str) -> case.CaseEvent:
    event = golden(f"fuyan.case.{name}.v1")
    assert isinstance(event, case.CaseEvent)
    return event


def test_days_and_points_are_written_as_people_write_them() -> None:
    said = title(of_case("preliminary-failed"), NAMES)
    assert said.zh == "山城街道初验不合格，得 203.00 分，还差 37.00 分，2018年10月31日起可再次申报"
    assert said.en == (
        "山城街道 failed the district's inspection with 203.00 points, 37.00 points short; "
        "it may apply again from 31 October 2018"
    )


def test_an_item_is_called_by_its_name_or_by_its_code_while_nobody_knows_it() -> None:
    found = golden("fuyan.dossier.deficiency-found.v1")
    known = "山城街道“执法记录仪”查出不足，还差 37.00 分：执法记录仪少 2 台，期限2018年8月31日"
    assert title(found, NAMES).zh == known
    assert title(found, {}).zh == known.replace("“执法记录仪”", "“equipment-5”")


def test_a_moment_is_told_in_the_time_of_shanghai() -> None:
    assert "2018年9月20日 09:00" in title(of_case("inspection-scheduled"), NAMES).zh


def test_what_is_not_there_is_not_spoken_of() -> None:
    failed = of_case("city-failed")
    assert isinstance(failed, case.CityFailed)
    silent = replace(failed, shortfall_cp=None, totals=None, may_reapply_on=None)
    assert title(silent, NAMES).zh == "山城街道市级复验不合格"


@pytest.mark.parametrize(("late_wd", "said"), [(0, False), (3, True)])
def test_lateness_is_told_where_there_is_some(late_wd: int, said: bool) -> None:
    filed = golden("fuyan.dossier.plan-filed.v1")
    assert isinstance(filed, dossier.PlanFiled)
    sentence = title(replace(filed, late_wd=late_wd), NAMES).zh
    assert ("逾期3 个工作日" in sentence) == said


@pytest.mark.parametrize(
    ("open_left", "zh", "en"),
    [
        (2, "；还有 2 项未销号", "; 2 still open"),
        (0, "；整改全部销号", "; all its deficiencies are now closed"),
    ],
)
def test_a_closed_deficiency_says_what_is_left(open_left: int, zh: str, en: str) -> None:
    closed = golden("fuyan.dossier.rectification-completed.v1")
    assert isinstance(closed, dossier.RectificationCompleted)
    said = title(replace(closed, open_left=open_left), NAMES)
    assert said.zh == f"山城街道“执法记录仪”已于2018年7月25日销号：执法记录仪 2 台已配发{zh}"
    assert said.en.endswith(f"执法记录仪 2 台已配发{en}")


@pytest.mark.parametrize("step", STEPS)
def test_a_step_names_its_township_in_each_language(step: type[Event]) -> None:
    said = title(golden(next(name for name, event in BY_TYPE.items() if event is step)), NAMES)
    assert "山城街道" in said.zh
    assert "山城街道" in said.en


def test_a_corrected_title_says_the_titles_and_a_corrected_day_the_days() -> None:
    corrected = of_case("title-corrected")
    assert isinstance(corrected, case.TitleCorrected)
    assert title(corrected, NAMES).zh == (
        "山城街道的牌匾编号由“示例〔2018〕10号”更正为“示例〔2018〕01号”：编号录入有误"
    )
    titles = replace(corrected, field="title", was="compliant", is_="demonstration")
    assert "的称号由“达标单位”更正为“示范单位”" in title(titles, NAMES).zh
    days = replace(corrected, field="valid_until_on", was="2021-12-19", is_=None)
    assert "的称号有效期由“2021年12月19日”更正为“无”" in title(days, NAMES).zh


def test_an_answer_names_who_gave_it() -> None:
    decided = golden("fuyan.dossier.funding-decided.v1")
    assert title(decided, NAMES).zh == (
        "山城街道办事处对山城街道的保障申请已答复：部分同意，批准 2,980 元，"
        "2018年6月20日到位（先购一台，余下列入下半年预算）"
    )


def test_money_is_told_in_yuan_with_where_it_comes_from() -> None:
    said = title(of_case("reward-granted"), NAMES).zh
    assert said == "山城街道获市级安全生产专项资金奖补 30,000 元（按期达标）"


def test_a_text_with_braces_is_shown_as_it_is() -> None:
    closed = case.Closed(
        programme="shanting-2018",
        effective_on=date(2018, 9, 25),
        township="370406001",
        township_name="{山城}",
        office="370406001-office",
        case_id="shanting-2018/370406001/1",
        application_id="A1",
        round=1,
        outcome="withdrawn",
        closed_on=date(2018, 9, 25),
        reason="{0}",
    )
    assert title(closed, {}).zh == "{山城}第 1 次申报的验收办结：已撤回，{0}"


@pytest.mark.parametrize("name", sorted({field for field, _ in WORDS}))
def test_every_code_of_a_field_that_is_put_into_words_has_one(name: str) -> None:
    codes = set()
    for event in (*CONTEXTS["dossier"].events.values(), *CONTEXTS["case"].events.values()):
        schema = ADAPTERS[event].json_schema()
        codes |= set(schema["properties"].get(name, {}).get("enum", ()))
    assert codes
    assert {code for field, code in WORDS if field == name} >= codes
