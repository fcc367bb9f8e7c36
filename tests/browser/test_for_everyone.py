"""Readable by anyone: dark, narrow, enlarged, by keyboard, to a screen reader, without internet."""

from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.browser.conftest import DESKTOP, PHONE, Open
from tests.browser.mock import Mock

pytestmark = pytest.mark.browser

AXE = Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js"
PAPER, NIGHT = "rgb(247, 246, 242)", "rgb(15, 21, 26)"
VIEWS = ["", "?theme=dark", "?lang=en", "?as_of=2018-10-31&theme=dark&lang=en", "?as_of=2019-12-31"]


async def drawn(page: Page) -> None:
    await expect(page.locator("#burn svg")).to_be_visible()


async def violations(page: Page) -> list[Any]:
    await page.evaluate(AXE.read_text())
    found: list[Any] = await page.evaluate(
        "axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21aa', 'wcag22aa',"
        " 'best-practice']}).then(({violations}) => violations.map(({id, nodes}) =>"
        " [id, ...nodes.map(({html, any}) => html.slice(0, 120) + (any[0]?.message ?? ''))]))"
    )
    return found


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("query", VIEWS)
async def test_axe_finds_nothing(look: Open, query: str, size: tuple[int, int]) -> None:
    page = (await look(query, size)).page
    await drawn(page)
    assert await violations(page) == []
    await page.locator("[data-act=table]").click()
    assert await violations(page) == []


async def test_axe_finds_nothing_where_there_is_nothing(look: Open, mock: Mock) -> None:
    mock.programmes = []
    page = (await look()).page
    await expect(page.get_by_role("heading", level=1)).to_have_text("还没有复验工作。")
    assert await violations(page) == []


@pytest.mark.parametrize("query", VIEWS)
@pytest.mark.parametrize("size", [PHONE, (720, 450), (320, 640), (1024, 700)])
async def test_nothing_is_scrolled_sideways(look: Open, query: str, size: tuple[int, int]) -> None:
    """720 is a desk's screen at 200 %, 320 a small phone."""
    page = (await look(query, size)).page
    await drawn(page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]


async def test_on_a_phone_the_townships_are_a_list(look: Open) -> None:
    page = (await look(size=PHONE)).page
    cards = page.locator("#cards li")
    await expect(cards).to_have_count(10)
    await expect(cards.nth(4)).to_have_text("北庄镇目标有风险 整改中还差 37.00 分停留 16 个工作日")
    await expect(cards.nth(0)).to_contain_text("过线 118.50 分")
    await expect(cards.nth(9)).to_contain_text("还没有自评")
    await expect(page.locator("#mx")).to_be_hidden()


async def test_on_a_phone_who_is_late_stands_before_the_chart(look: Open) -> None:
    page = (await look(size=PHONE)).page
    await drawn(page)
    late, targets = await page.evaluate(
        "['.slow', '.targets'].map((it) => document.querySelector(it).getBoundingClientRect().top)"
    )
    assert late < targets


async def test_on_a_phone_a_finger_finds_everything_that_acts(look: Open) -> None:
    page = (await look("?as_of=2018-10-31", PHONE)).page
    await drawn(page)
    small = await page.evaluate(
        "[...document.querySelectorAll('a, button')].filter((it) => it.offsetParent &&"
        " it.getBoundingClientRect().height < 44).map((it) => it.textContent)"
    )
    assert small == []


@pytest.mark.parametrize("size", [DESKTOP, PHONE])
async def test_no_text_is_smaller_than_twelve_pixels(look: Open, size: tuple[int, int]) -> None:
    page = (await look(size=size)).page
    await drawn(page)
    smallest = await page.evaluate(
        "(() => { let least = Infinity;"
        "const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);"
        "while (walk.nextNode()) { const it = walk.currentNode.parentElement;"
        "if (walk.currentNode.data.trim() && it.getClientRects().length)"
        " least = Math.min(least, parseFloat(getComputedStyle(it).fontSize)); }"
        "return least; })()"
    )
    assert smallest == 12


@pytest.mark.parametrize(
    ("query", "system", "ground"),
    [
        ("", "light", PAPER),
        ("", "dark", NIGHT),
        ("?theme=dark", "light", NIGHT),
        ("?theme=light", "dark", PAPER),
    ],
)
async def test_dark_is_the_system_s_choice_unless_the_address_says_otherwise(
    look: Open, query: str, system: str, ground: str
) -> None:
    page = (await look(query, color_scheme=system)).page
    await drawn(page)
    assert ground == await page.evaluate("getComputedStyle(document.body).backgroundColor")
    lines = await page.locator("#burn svg path[stroke]").evaluate_all(
        "(all) => all.map((it) => it.getAttribute('stroke').toUpperCase())"
    )
    assert ("#E8F4FD" if ground == NIGHT else "#06263F") in lines


async def test_the_keyboard_reaches_what_acts_and_shows_where_it_is(look: Open) -> None:
    page = (await look()).page
    await drawn(page)
    reached = []
    for _ in range(4):
        await page.keyboard.press("Tab")
        reached.append(
            await page.evaluate(
                "[document.activeElement.textContent,"
                " getComputedStyle(document.activeElement).outlineStyle]"
            )
        )
    assert reached == [
        *(["English", "solid"], ["数据表", "solid"], ["镇街", "solid"], ["批次", "solid"])
    ]


async def test_the_policy_refuses_an_inline_style_and_it_is_noticed(look: Open) -> None:
    """Without this the other tests might find no fault because they cannot see one."""
    seen = await look()
    await drawn(seen.page)
    await seen.page.evaluate("document.body.setAttribute('style', 'color: red')")
    await seen.page.evaluate("fetch('https://elsewhere.invalid/').catch(() => {})")
    assert any("Content Security Policy" in line for line in seen.faults.seen)
    seen.faults.forgive("Content Security Policy", "elsewhere.invalid")
