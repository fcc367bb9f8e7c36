"""What the page says while there is nothing, something changes, or something is away."""

import asyncio
from typing import Any

import pytest
from playwright.async_api import Page, expect

from shared.contracts.refusals import Refused
from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.mock import Mock, overview_of

pytestmark = pytest.mark.browser

PASSED = "#counts .lane:first-child .big b"


def xiji_passes(overview: dict[str, Any]) -> None:
    first = overview["targets"][0]
    first["achieved"], first["on_track"] = 3, 0
    first["burnup"].append({"on": "2018-11-30", "count": 3, "townships": ["西集镇"], "late": False})
    first["forecast"] = first["forecast"][1:]


async def live(page: Page) -> None:
    """Until the stream is open, and what might have been missed before that is asked for."""
    await expect(page.locator("#live")).to_contain_text("实时")
    await expect(page.locator("#burn svg")).to_be_visible()


async def test_a_change_comes_by_itself_and_only_what_changed_fades(look: Open, mock: Mock) -> None:
    page = (await look()).page
    await live(page)
    await page.evaluate(
        "window.faded = new Set(); new MutationObserver((list) => list.forEach(({target}) =>"
        " target.hasAttribute('data-changed') && window.faded.add(target.textContent)))"
        ".observe(document.body, {subtree: true, attributeFilter: ['data-changed']})"
    )
    mock.record(xiji_passes)
    await expect(page.locator(PASSED)).to_have_text("3")
    assert await page.evaluate("[...window.faded]") == ["3"]  # the page was not loaded anew


async def test_a_change_that_comes_behind_the_data_table_is_in_both(look: Open, mock: Mock) -> None:
    page = (await look()).page
    await live(page)
    await page.locator("[data-act=table]").click()

    def xiji_passes_in_the_table_too(overview: dict[str, Any]) -> None:
        xiji_passes(overview)
        overview["targets"][0]["rows"][2].update(state="achieved", achieved_on="2018-11-30")

    mock.record(xiji_passes_in_the_table_too)
    await expect(page.locator("#data tbody tr").nth(2)).to_contain_text("已达11月30日")
    await page.locator("[data-act=table]").click()
    await expect(page.locator(PASSED)).to_have_text("3")
    await expect(page.locator("#labels")).to_contain_text("西集镇 11月30日")


async def test_with_reduced_motion_a_change_does_not_fade(look: Open, mock: Mock) -> None:
    page = (await look(reduced_motion="reduce")).page
    await live(page)
    mock.record(xiji_passes)
    await expect(page.locator(PASSED)).to_have_text("3")
    await expect(page.locator("[data-changed]")).to_have_count(0)


async def test_a_change_moves_nothing_and_takes_no_focus(look: Open, mock: Mock) -> None:
    page = (await look()).page
    await live(page)
    button = page.get_by_role("button", name="富余")
    await button.focus()
    await page.evaluate("scrollTo(0, 20)")
    before = await page.evaluate("[scrollY, document.documentElement.scrollHeight]")
    mock.record(xiji_passes)
    await expect(page.locator(PASSED)).to_have_text("3")
    assert await page.evaluate("[scrollY, document.documentElement.scrollHeight]") == before
    await expect(button).to_be_focused()


async def test_a_hundred_changes_at_once_are_asked_for_once_or_twice(
    look: Open, mock: Mock
) -> None:
    page = (await look()).page
    await live(page)
    await expect(page.locator("#live")).to_have_text("实时 10:32")
    before = mock.served
    mock.record(xiji_passes, times=100)
    await expect(page.locator("#cut")).to_contain_text("第 512 条记录")
    # One of them may have been for what was recorded before the stream was open.
    assert 1 <= mock.served - before <= 3


async def test_what_happened_before_the_stream_opened_is_not_missed(look: Open, mock: Mock) -> None:
    mock.streaming = False
    seen = await look()
    await expect(seen.page.locator(PASSED)).to_have_text("2")
    mock.record(xiji_passes)  # told to nobody
    mock.streaming = True
    await expect(seen.page.locator(PASSED)).to_have_text("3")
    seen.faults.forgive("500 (Internal Server Error)")


async def test_a_lost_stream_is_told_with_its_time_and_the_rest_stays(
    look: Open, mock: Mock
) -> None:
    seen = await look()
    page = seen.page
    await live(page)
    height = await page.evaluate("document.querySelector('.matrix').getBoundingClientRect().top")
    mock.hang_up()
    strip = page.locator("#strip")
    await expect(strip).to_contain_text("起没连上，数停在 2018年11月30日 10:32。")
    await expect(page.locator("#live")).to_have_text("停在 10:32")
    await expect(page.locator("#mx tbody tr")).to_have_count(10)
    assert height == await page.evaluate(
        "document.querySelector('.matrix').getBoundingClientRect().top"
    )
    mock.record(xiji_passes)
    mock.streaming = True
    await expect(page.locator(PASSED)).to_have_text("3")
    await expect(strip).to_be_empty()
    seen.faults.forgive("500 (Internal Server Error)")


async def test_without_a_network_the_page_says_so_and_comes_back(look: Open) -> None:
    seen = await look()
    page = seen.page
    await live(page)
    await page.context.set_offline(True)
    await expect(page.locator("#strip")).to_contain_text("没有网络")
    await expect(page.locator("#mx tbody tr")).to_have_count(10)
    await page.context.set_offline(False)
    await expect(page.locator("#strip")).to_be_empty()
    seen.faults.forgive("ERR_INTERNET_DISCONNECTED")


async def test_figures_that_cannot_be_fetched_anew_stay_and_are_called_old(
    look: Open, mock: Mock
) -> None:
    seen = await look()
    page = seen.page
    await live(page)
    mock.refuses = Refused("internal", correlation="-")
    mock.record(xiji_passes)
    await expect(page.locator("#strip")).to_contain_text("取不到新数，数停在 2018年11月30日 10:32")
    await expect(page.locator(PASSED)).to_have_text("2")
    mock.refuses = None
    await expect(page.locator(PASSED)).to_have_text("3")
    await expect(page.locator("#strip")).to_be_empty()
    seen.faults.forgive("500 (Internal Server Error)")


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_nothing_jumps_when_the_figures_arrive(
    look: Open, mock: Mock, size: tuple[int, int]
) -> None:
    mock.answers.clear()
    page = (await look(size=size)).page
    await page.evaluate(
        "window.shifts = []; new PerformanceObserver((list) => window.shifts.push(...list"
        ".getEntries().map(({value, sources}) => [value, ...sources.map(({node}) =>"
        " node?.id || node?.className)]))).observe({type: 'layout-shift', buffered: true})"
    )
    await expect(page.locator("#main")).to_have_attribute("aria-busy", "true")
    await expect(page.get_by_role("heading", name="两个目标")).to_have_count(
        1 if size == DESKTOP else 0
    )
    mock.answers.set()
    await expect(page.locator("#burn svg")).to_be_visible()
    await expect(page.locator("#main")).not_to_have_attribute("aria-busy", "true")
    await page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")
    assert await page.evaluate("window.shifts") == []


async def test_a_slow_answer_is_waited_for_in_words(look: Open, mock: Mock) -> None:
    mock.answers.clear()
    page = (await look()).page
    await expect(page.locator("#slowly")).to_have_text("正在取数…")
    mock.answers.set()
    await expect(page.locator("#slowly")).to_have_count(0)


async def test_without_a_programme_the_page_says_what_will_be_here(look: Open, mock: Mock) -> None:
    mock.programmes = []
    page = (await look()).page
    await expect(page.get_by_role("heading", level=1)).to_have_text("还没有复验工作。")
    await expect(page.locator(".row")).to_be_hidden()


async def test_a_programme_without_townships_has_a_page(look: Open, mock: Mock) -> None:
    overview = overview_of("2018-10-31")
    overview["townships"] = []
    for target in overview["targets"]:
        target.update(members=0, members_at_freeze=None, expected=0, forecast=[], rows=[])
    for sentence in overview["sentence"]:
        sentence.update(status="empty", zh=[{"text": "还没有镇街。"}])
    mock.overview = overview
    page = (await look()).page
    await expect(page.locator("#matrix")).to_have_text("还没有镇街纳入。")
    await expect(page.locator(PASSED)).to_have_text("0")


async def test_a_first_view_that_is_refused_says_why_and_tries_again(
    look: Open, mock: Mock
) -> None:
    mock.refuses = Refused("issuer-unreachable", retry_after_s=1)
    seen = await look()
    page = seen.page
    await expect(page.locator("#sentence code")).to_contain_text("issuer-unreachable / ")
    mock.refuses = None
    await page.get_by_role("button", name="再试").click()
    await expect(page.locator("#mx tbody tr")).to_have_count(10)
    seen.faults.forgive("503 (Service Unavailable)")


async def test_one_part_that_fails_says_so_in_its_own_place(look: Open, mock: Mock) -> None:
    mock.overview["townships"][3]["late_kinds"] = None
    seen = await look()
    page = seen.page
    await expect(page.locator("#matrix")).to_contain_text("这一块现在显示不了。")
    await expect(page.locator("#sentence > p")).to_have_count(2)
    await expect(page.locator("#late li")).to_have_count(4)
    await expect(page.locator("#burn svg")).to_be_visible()
    mock.overview = overview_of("2018-11-30")
    await page.locator("#matrix").get_by_role("button", name="再试").click()
    await expect(page.locator("#mx tbody tr")).to_have_count(10)
    seen.faults.forgive("matrix TypeError", "cards TypeError")


async def test_without_the_chart_the_words_and_the_table_are_there(look: Open, mock: Mock) -> None:
    seen = await look(blocked="**/echarts.min.js")
    page = seen.page
    await expect(page.locator("#burn")).to_contain_text("这一块现在显示不了。")
    await expect(page.locator("#labels text.label").first).to_be_visible()
    await page.get_by_role("button", name="数据表").click()
    await expect(page.locator("#data tbody tr")).to_have_count(14)
    seen.faults.forgive("ERR_FAILED", "chart TypeError")


async def test_a_session_that_ended_leads_to_signing_in(look: Open, mock: Mock) -> None:
    mock.refuses = Refused("not-signed-in")
    seen = await look()
    await expect(seen.page.get_by_role("link", name="重新登录")).to_be_visible()
    seen.faults.forgive("401 (Unauthorized)")


async def test_pages_that_look_on_do_not_keep_a_service_from_stopping(
    look: Open, mock: Mock
) -> None:
    page = (await look()).page
    await live(page)
    async with asyncio.timeout(10):
        mock.hang_up()
        await expect(page.locator("#live")).to_contain_text("停在")
