"""How facts and unreadable fields are told to people."""

from datetime import UTC, date, datetime

import pytest
from pydantic import AwareDatetime, BaseModel, Field, ValidationError

from shared.web.invalid import invalid_fields, pointer
from shared.web.shown import shown


@pytest.mark.parametrize(
    ("name", "value", "zh", "en"),
    [
        ("missing_cp", 3700, "37.00 分", "37.00 points"),
        ("missing_cp", -5, "-0.05 分", "-0.05 points"),
        ("total_cp", 123456, "1,234.56 分", "1,234.56 points"),
        ("opens_on", date(2018, 9, 1), "2018年9月1日", "1 September 2018"),
        ("opens_on", "2018-09-01", "2018年9月1日", "1 September 2018"),
        ("opens_on", "soon", "soon", "soon"),
        ("opens", date(2018, 12, 31), "2018年12月31日", "31 December 2018"),
        ("asked_fen", 12_800_000, "128,000 元", "128,000 yuan"),
        ("asked_fen", 12_800_050, "128,000.50 元", "128,000.50 yuan"),
        ("share_bp", 8499, "84.99%", "84.99%"),
        ("left_wd", 5, "5 个工作日", "5 working days"),
        ("retry_after_s", 3, "3 秒", "3 seconds"),
        ("limit_bytes", 1048576, "1,048,576 字节", "1,048,576 bytes"),
        ("count", 3, "3", "3"),
        ("late", True, "是", "yes"),
        ("looks_like", "empty", "空文件", "an empty file"),
        ("found", "unknown", "未知类型", "a file of an unknown type"),
        ("found", "image/png", "image/png", "image/png"),
        ("plaque", None, "无", "none"),
        ("items", ["staff-3", "office-1"], "staff-3、office-1", "staff-3, office-1"),
        ("items", {"b", "a"}, "a、b", "a, b"),
        ("roles", ["head", "gov"], "镇街安监办主任、镇街政府", "head, gov"),
        ("city", "head", "head", "head"),
    ],
)
def test_a_fact_is_shown_in_its_unit(name: str, value: object, zh: str, en: str) -> None:
    assert (shown(name, value, "zh"), shown(name, value, "en")) == (zh, en)


def test_an_instant_is_shown_as_the_clocks_in_shanghai_show_it() -> None:
    instant = datetime(2018, 12, 31, 16, 5, tzinfo=UTC)
    assert shown("until_at", instant, "zh") == "2019年1月1日 00:05"
    assert shown("until_at", instant, "en") == "1 January 2019 00:05 (Beijing time)"


def test_a_pointer_escapes_what_would_part_it() -> None:
    assert pointer(["marks", 0, "a/b~c"]) == "/marks/0/a~1b~0c"


class Body(BaseModel):
    on: date
    at: AwareDatetime
    count: int = Field(ge=1, le=9)
    name: str = Field(max_length=3)


def test_each_field_is_told_in_chinese_and_english_without_what_was_sent() -> None:
    with pytest.raises(ValidationError) as caught:
        Body.model_validate(
            {"on": "x", "at": "2018-09-01T00:00:00", "count": 10, "name": "hunter2"}
        )
    fields = invalid_fields(
        {**error, "loc": ("body", *error["loc"])} for error in caught.value.errors()
    )
    assert {field["field"]: field["zh"] for field in fields} == {
        "/on": "应为日期，如 2018-09-01",
        "/at": "时刻应带时区",
        "/count": "应不大于 9",
        "/name": "至多 3 个字",
    }
    assert fields[2]["en"] == "Input should be less than or equal to 9"
    assert "hunter2" not in str(fields)
