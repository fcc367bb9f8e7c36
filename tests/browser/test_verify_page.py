"""The page of an export, opened from a disk: it says what the command says, and asks nobody."""

import re
from collections.abc import AsyncIterator
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.async_api import Browser, Page

from deploy.local.postgres import Databases
from deploy.proof.bundle import Bundle, Scope
from deploy.proof.check import check
from shared.events.signing import jwks
from tests.integration.exports import parts, played, rebuilt, taken
from tests.integration.heads import signer
from tests.integration.test_export_tampered import TOWNSHIP_WAYS, WHOLE

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
async def directory(
    postgres: Databases, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Path]:
    """`whole.zip`, `township.zip`, the page beside them, and the public key."""
    name = f"test_{uuid4().hex}"
    await postgres.create_database(name)
    found, database = tmp_path_factory.mktemp("page"), postgres.dsn(name)
    await played(database, found)
    await taken(database, found / "whole.zip")
    await taken(database, found / "township.zip", Scope(programme="p", township="t"))
    (found / "verify.html").write_bytes(parts(found / "whole.zip")["verify.html"])
    (found / "keys.json").write_text(str(jwks([signer(found).jwk])).replace("'", '"'))
    yield found
    await postgres.drop_database(name)


@pytest.fixture
async def page(browser: Browser, directory: Path) -> AsyncIterator[Page]:
    """The page as a double click opens it; what it asks for, or complains of, fails the test."""
    context = await browser.new_context(offline=True, locale="zh-CN")
    found = await context.new_page()
    faults: list[str] = []
    address = (directory / "verify.html").as_uri()
    found.on("request", lambda request: faults.append(request.url))
    found.on("console", lambda message: faults.append(message.text))
    found.on("pageerror", lambda error: faults.append(str(error)))
    await found.goto(address)
    yield found
    await context.close()
    assert faults == [address]


async def checked(page: Page, file: Path, key: Path | None = None) -> str:
    """The verdict."""
    await page.set_input_files("#file", file)
    await page.set_input_files("#key", [] if key is None else [key])
    await page.click("#go")
    await page.wait_for_selector("#go:enabled")
    await page.wait_for_selector("#answer:not([hidden])")
    return await page.inner_text("#verdict")


@pytest.mark.parametrize("name", ["whole.zip", "township.zip"])
async def test_a_good_file_is_called_good_in_both_languages(
    page: Page, directory: Path, name: str
) -> None:
    assert await checked(page, directory / name, directory / "keys.json") == "✓ 全部相符"
    assert await page.inner_text("#note") == ""
    await page.click("#language")
    assert await page.inner_text("#verdict") == "✓ Everything holds"
    assert await page.inner_text("h1") == "Check the record"


async def test_without_a_key_from_elsewhere_the_page_says_what_that_means(
    page: Page, directory: Path
) -> None:
    await checked(page, directory / "whole.zip")
    assert "/v1/keys" in await page.inner_text("#note")


async def said(page: Page, file: Path) -> list[str]:
    """What the page finds, and that the command finds the very same."""
    await checked(page, file)
    lines = await page.locator("#findings li").all_inner_texts()
    expected = [
        (f"[{finding.service}] " if finding.service else "") + finding.told(0)
        for finding in check(Bundle(file)).findings
    ]
    # Why a line cannot be parsed, each language's parser says in its own words.
    bare = [re.sub(r"不是事件：.*", "", line) for line in lines]
    assert bare == [re.sub(r"不是事件：.*", "", line) for line in expected]
    return lines


async def test_each_way_of_tampering_is_named_as_the_command_names_it(
    page: Page, directory: Path, tmp_path: Path
) -> None:
    for export, ways in (("whole.zip", WHOLE), ("township.zip", TOWNSHIP_WAYS)):
        for number, (name, (how, _)) in enumerate(ways.items()):
            changed = parts(directory / export)
            how(changed)
            file = rebuilt(changed, tmp_path / f"{number}-{export}")
            assert await said(page, file), name
            assert await page.inner_text("#verdict") == "✗ 不符"


async def test_an_altered_event_is_named_by_its_position(
    page: Page, directory: Path, tmp_path: Path
) -> None:
    changed = parts(directory / "whole.zip")
    WHOLE["data"][0](changed)
    (line,) = await said(page, rebuilt(changed, tmp_path / "altered.zip"))
    assert "第 3 号事件（dossier/p/t@3）被改动" in line
