"""A page of the dashboard before a real browser, which notes whatever it should not have done."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from tests.browser.mock import Mock, serving

DESKTOP = (1440, 900)
PHONE = (390, 844)


@dataclass  # without slots: Playwright keeps its wrappers of these methods on the object
class Faults:
    """Errors on the console, refusals of the Content-Security-Policy among them, and strangers."""

    own: str
    seen: list[str] = field(default_factory=list)

    def console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.seen.append(message.text)

    def request(self, request: Request) -> None:
        if not request.url.startswith((self.own, "data:")):
            self.seen.append(f"asked another host: {request.url}")

    def forgive(self, *texts: str) -> None:
        """Take away what a test brought about itself; everything else still counts."""
        self.seen = [line for line in self.seen if not any(text in line for text in texts)]


@dataclass(frozen=True, slots=True)
class Seen:
    page: Page
    faults: Faults


Open = Callable[..., Awaitable[Seen]]


@pytest.fixture(scope="session")
async def browser(chromium: str) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        await browser.close()


@pytest.fixture
def mock() -> Mock:
    return Mock()


@pytest.fixture
async def look(browser: Browser, mock: Mock) -> AsyncIterator[Open]:
    """Opens the page, signed in; at the end of a test no page may have a fault left."""
    opened: list[Faults] = []
    async with serving(mock) as address:

        async def at(
            query: str = "", size: tuple[int, int] = DESKTOP, blocked: str = "", **given: str
        ) -> Seen:
            context = await browser.new_context(
                viewport={"width": size[0], "height": size[1]},
                **given,  # type: ignore[arg-type]  # Playwright's literals, from the tests
            )
            context.set_default_timeout(10_000)
            await context.add_cookies([mock.cookie(address)])
            page = await context.new_page()
            if blocked:
                await page.route(blocked, lambda route: route.abort())
            faults = Faults(address)
            opened.append(faults)
            page.on("console", faults.console)
            page.on("pageerror", lambda error: faults.seen.append(str(error)))
            page.on("request", faults.request)
            await page.goto(f"{address}/{query}")
            return Seen(page, faults)

        yield at
        for context in browser.contexts:
            await context.close()
    assert [line for faults in opened for line in faults.seen] == []
