"""In ten seconds: where both targets stand, who is late, and why."""

import re
from typing import Any

import pytest
from playwright.async_api import expect

from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.mock import Mock

pytestmark = pytest.mark.browser


async def test_the_sentences_come_first_with_their_states(look: Open) -> None:
    page = (await look()).page
    sentences = page.locator("#sentence > p")
    await expect(sentences).to_have_text(
        [
            "有风险 首批承诺 4 家：2 家已过市级复验，1 家预计 12月18日过；"
            "北庄镇停在整改，3 项未销号，差 12 个工作日。",
            "按期 全部 10 家：2 家已过，8 家预计按期；最晚 2019年10月23日，早 49 个工作日。",
        ]
    )
    await expect(page.get_by_role("heading", level=1)).to_have_text("截至2018年11月30日")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_both_targets_say_passed_members_and_expected(
    look: Open, size: tuple[int, int]
) -> None:
    page = (await look(size=size)).page
    lanes = page.locator(".lane")
    await expect(lanes).to_have_count(2)
    await expect(lanes.nth(0)).to_have_text("首批 2018 力争2 / 4 家 到期预计 3 家")
    await expect(lanes.nth(1)).to_have_text("全部 2019 确保2 / 10 家 到期预计 10 家")
    await expect(page.locator("#burn svg")).to_be_visible()
    await expect(page.locator("#plot")).to_have_attribute(
        "aria-label", re.compile("共 4 家，已过 2")
    )


async def test_the_chart_names_the_late_one_at_its_line(look: Open) -> None:
    labels = (await look()).page.locator("#labels text.label")
    await expect(labels.filter(has_text="北庄镇")).to_have_text(
        "北庄镇 预计2019年1月17日，晚 12 个工作日"
    )
    await expect(labels.filter(has_text="期限")).to_have_count(2)


@pytest.mark.parametrize("query", ["", "?as_of=2018-10-31", "?as_of=2019-12-31", "?lang=en"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE, (1100, 800)])
async def test_no_label_of_the_chart_lies_on_another(
    look: Open, query: str, size: tuple[int, int]
) -> None:
    page = (await look(query, size)).page
    await expect(page.locator("#burn svg")).to_be_visible()
    boxes: list[dict[str, Any]] = await page.evaluate(
        "[...document.querySelectorAll('#labels text.label')].map((t) => {"
        "const {left, right, top, bottom} = t.getBoundingClientRect();"
        "return {text: t.textContent, left, right, top, bottom}})"
    )
    assert len(boxes) >= 2
    for at, one in enumerate(boxes):
        assert one["left"] >= 0 <= size[0] - one["right"], one
        for other in boxes[at + 1 :]:
            apart = (
                one["right"] <= other["left"]
                or other["right"] <= one["left"]
                or one["bottom"] <= other["top"] + 4  # a line's box is taller than its letters
                or other["bottom"] <= one["top"] + 4
            )
            assert apart, (one["text"], other["text"])


async def test_who_is_late_says_why_and_a_risk_is_not_called_late(look: Open) -> None:
    page = (await look()).page
    items = page.locator("#late li")
    await expect(items).to_have_count(4)
    await expect(items.nth(0).locator(".tagged")).to_have_text("首批有风险")
    await expect(items.nth(0).locator("use")).to_have_attribute("href", "#i-risk")
    await expect(items.nth(1).locator(".tagged")).to_have_text("自评逾期")
    await expect(items.nth(1).locator("use")).to_have_attribute("href", "#i-late")
    await expect(items.nth(1).locator("p b")).to_have_text("已过 61 个工作日")


async def test_nobody_late_is_said(look: Open) -> None:
    page = (await look("?as_of=2018-10-31")).page
    await expect(page.locator("#late")).to_contain_text("现在没有人慢。")


async def test_more_than_four_late_are_folded_and_unfold(look: Open, mock: Mock) -> None:
    late = mock.overview["late"]
    mock.overview["late"] = [
        {**late[at % 4], "township": f"37040610{at}", "name": f"第{at}镇"} for at in range(6)
    ]
    page = (await look()).page
    await expect(page.locator("#late li")).to_have_count(4)
    await page.get_by_role("button", name="全部 6 家").press("Enter")
    await expect(page.locator("#late li")).to_have_count(6)
    await expect(page.get_by_role("button", name="收起")).to_be_focused()


async def test_the_townships_stand_by_stage_the_furthest_first(look: Open) -> None:
    page = (await look()).page
    await expect(page.locator("#mx tbody th > span:first-child")).to_have_text(
        ["山城街道", "店子镇", "西集镇", "桑村镇", "北庄镇"]
        + ["城头镇", "徐庄镇", "凫城镇", "水泉镇", "冯卯镇"]
    )
    counts = await page.locator("#mx .stage").all_text_contents()
    assert [head for head in counts if head[-1].isdigit()] == [
        *("已定方案1", "已自评1", "整改中4", "可申报1", "市级复验中1", "复验合格2")
    ]
    await expect(page.locator("#mx tbody tr").nth(4).locator("td")).to_have_text(
        ["首批", "整改中现在 整改中", "16", "预计 2019年1月17日", "−12", "自评 763.00", "−37.00"]
    )
    await expect(page.locator("#mx tbody tr").nth(9)).to_contain_text("还没有自评")


async def test_the_table_of_townships_has_heads_for_rows_and_columns(look: Open) -> None:
    page = (await look()).page
    await expect(page.locator("#mx tbody th[scope=row]")).to_have_count(10)
    await expect(page.locator("#mx thead th:not([scope])")).to_have_count(0)
    await expect(page.locator("#mx caption")).to_have_count(1)


async def test_a_head_sorts_up_then_down_then_not_at_all(look: Open) -> None:
    page = (await look()).page
    names = page.locator("#mx tbody th > span:first-child")
    head = page.get_by_role("button", name="富余")
    await head.press("Enter")
    await expect(names.first).to_have_text("北庄镇")
    await expect(page.locator("th[aria-sort]")).to_have_attribute("aria-sort", "ascending")
    await expect(head).to_be_focused()
    await head.press("Enter")
    await expect(names.first).to_have_text("桑村镇")
    await expect(names.last).to_have_text("店子镇")  # without days to spare: last both ways
    await head.press("Enter")
    await expect(names.first).to_have_text("山城街道")
    await expect(page.locator("th[aria-sort]")).to_have_count(0)


async def test_a_way_that_ended_has_a_head_of_its_own(look: Open, mock: Mock) -> None:
    mock.overview["stages"].append(
        {"code": "left", "zh": "已退出", "en": "left", "group": "done", "count": 1}
    )
    mock.overview["townships"][9]["stage"] = "left"
    page = (await look()).page
    await expect(page.locator("#mx .groups th").last).to_have_text("其他")
    await expect(page.locator("#mx tbody tr").first.locator(".way text")).to_have_text("已退出")


async def test_a_stuck_township_says_why(look: Open, mock: Mock) -> None:
    mock.overview["townships"][6]["stuck"] = {
        "code": "no-case",
        "zh": "申报没有进到区里",
        "en": "the application did not reach the district",
    }
    page = (await look()).page
    row = page.locator("#mx tbody tr", has_text="徐庄镇")
    await expect(row.locator(".late .sr")).to_have_text("卡住：申报没有进到区里")


async def test_the_data_table_takes_the_chart_s_place_by_keyboard(look: Open) -> None:
    page = (await look()).page
    await expect(page.locator("#burn svg")).to_be_visible()
    toggle = page.locator("[data-act=table]")
    await toggle.press("Enter")
    await expect(toggle).to_have_attribute("aria-expanded", "true")
    await expect(page.locator("#burn svg")).to_be_hidden()
    rows = page.locator("#data table").first.locator("tbody tr")
    await expect(rows).to_have_count(4)
    await expect(rows.nth(3)).to_have_text("北庄镇 有风险—2019年1月17日−12整改销号")
    await toggle.press("Enter")
    await expect(page.locator("#burn svg")).to_be_visible()


async def test_the_foot_says_how_far_the_data_go_and_by_which_rules(look: Open) -> None:
    await expect((await look()).page.locator("#cut > span")).to_have_text(
        [
            "数据到 2018年11月30日 10:32，第 412 条记录",
            "预计按风险规则第 2 版",
            "2019 年日历暂定",
            "评分按示例标准第 1 版",
        ]
    )


async def test_a_past_day_says_so_and_leads_back(look: Open) -> None:
    page = (await look("?as_of=2018-10-31&lang=en")).page
    await expect(page.locator("#past")).to_contain_text("You are looking at 31 Oct 2018.")
    await page.get_by_role("link", name="Back to today").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("As of 30 November 2018")
    await expect(page.locator("#past")).to_be_hidden()


async def test_english_is_english_but_for_names_and_keeps_the_day(look: Open) -> None:
    page = (await look("?as_of=2018-11-30")).page
    await page.get_by_role("link", name="English").click()
    await expect(page.locator("html")).to_have_attribute("lang", "en")
    await expect(page.get_by_role("heading", level=1)).to_have_text("As of 30 November 2018")
    await expect(page.locator("#burn svg")).to_be_visible()
    foreign: list[str] = await page.evaluate(
        "(() => { const found = [];"
        "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);"
        "while (walk.nextNode()) { const it = walk.currentNode;"
        "if (!it.parentElement.closest('[lang|=zh], noscript')) found.push(it.data); }"
        " return found; })()"
    )
    names = re.compile("[\\u4e00-\\u9fff]{2,3}[镇道]|示例标准|第.批")
    assert [text for text in foreign if re.search("[\\u4e00-\\u9fff]", names.sub("", text))] == []


async def test_a_name_is_text_whatever_it_holds(look: Open, mock: Mock) -> None:
    evil = "<img src=x onerror=alert(1)>"
    mock.overview["townships"][0]["name"] = evil
    mock.overview["late"][0]["name"] = evil
    mock.overview["targets"][0]["forecast"][0]["name"] = evil
    mock.overview["sentence"][0]["zh"][0]["text"] = evil
    page = (await look()).page
    await expect(page.locator("#burn svg")).to_be_visible()
    await page.locator("#burn svg path[stroke-width='0.5']").first.hover()  # an expected pass
    await expect(page.locator("#burn > div").last).to_contain_text(evil)
    await expect(page.locator("img")).to_have_count(0)
