"""The page is for whoever is signed in; its files are for anyone, and are kept as long as true."""

import gzip
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
from fastapi import FastAPI

from deploy.local.issuer import Issuer
from services.projection.dashboard import page
from shared.web.app import new_app
from shared.web.auth import COOKIE
from tests.unit.web_app import IssuerSide, bearer, client, settings_for

OWN_BYTES = 60 * 1024
CHART_BYTES = 195 * 1024


@asynccontextmanager
async def nothing(_: FastAPI) -> AsyncIterator[None]:
    yield


def service(
    issuer: Issuer,
    sign_in_url: str | None = None,
    first_view: page.FirstView = page.ask_later,
) -> FastAPI:
    app = new_app(
        "projection",
        settings_for(issuer, sign_in_url=sign_in_url),
        nothing,
        issuer_client=httpx.AsyncClient(transport=IssuerSide(issuer)),
    )
    app.include_router(page.routes(first_view))
    return app


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def references(html: str) -> list[str]:
    return re.findall(r'(?:href|src)="(/static/[^"]+)"', html)


async def test_a_bearer_token_and_a_cookie_both_open_the_page(issuer: Issuer) -> None:
    app = service(issuer)
    token = issuer.token("o17", "370406001", ["clerk"])
    async with client(app) as browser:
        by_header = await browser.get("/", headers=bearer(issuer, "clerk"))
    async with client(app, cookies={COOKIE: token}) as browser:
        by_cookie = await browser.get("/")
    assert by_header.status_code == by_cookie.status_code == 200
    assert "两个目标" in by_header.text
    assert by_header.text == by_cookie.text


async def test_the_page_carries_its_first_figures(issuer: Issuer) -> None:
    figures = {"name": "</script><b>&", "asked": ["shanting-2018", "2018-11-30"]}

    async def first(programme: str | None, as_of: str | None) -> bytes:
        assert [programme, as_of] == figures["asked"]
        return json.dumps(figures).encode()

    async with client(service(issuer, first_view=first)) as browser:
        address = "/?programme=shanting-2018&as_of=2018-11-30"
        html = (await browser.get(address, headers=bearer(issuer, "clerk"))).text
    (held,) = re.findall(r'<script type="application/json" id="first">(.*?)</script>', html)
    assert json.loads(held) == figures


async def test_an_operator_gets_the_page_and_no_figures(issuer: Issuer) -> None:
    async def first(programme: str | None, as_of: str | None) -> bytes:
        return b'{"told": "figures"}'

    async with client(service(issuer, first_view=first)) as browser:
        shown = (await browser.get("/", headers=bearer(issuer, "clerk"))).text
        hidden = (await browser.get("/", headers=bearer(issuer, "operator"))).text
    assert '{"told"' in shown
    assert '{"told"' not in hidden


async def test_the_page_is_never_kept(issuer: Issuer) -> None:
    async with client(service(issuer)) as browser:
        answer = await browser.get("/", headers=bearer(issuer, "clerk"))
    assert answer.headers["cache-control"] == "no-store"


async def test_signed_out_a_browser_is_sent_to_sign_in_and_back_to_the_same_view(
    issuer: Issuer,
) -> None:
    async with client(service(issuer, "https://id.test/login")) as browser:
        answer = await browser.get("/", params={"as_of": "2018-09-14", "lang": "en"})
    assert answer.status_code == 303
    target = httpx.URL(answer.headers["location"])
    assert target.host == "id.test"
    back = httpx.URL(target.params["return"])
    assert back.params["return"] == "/?as_of=2018-09-14&lang=en"


async def test_signed_out_with_nowhere_to_sign_in_it_says_so_in_both_languages(
    issuer: Issuer,
) -> None:
    async with client(service(issuer)) as browser:
        answer = await browser.get("/")
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert "还没有登录。" in answer.text
    assert "You are not signed in." in answer.text
    assert "两个目标" not in answer.text


async def test_whatever_the_pages_name_is_there_without_a_token(issuer: Issuer) -> None:
    async with client(service(issuer)) as browser:
        signed_in = await browser.get("/", headers=bearer(issuer, "clerk"))
        signed_out = await browser.get("/")
        named = references(signed_in.text) + references(signed_out.text)
        assert len(named) > 10
        for path in named:
            assert (await browser.get(path)).status_code == 200, path


async def test_every_module_that_is_imported_at_once_is_asked_for_at_once(issuer: Issuer) -> None:
    """A module that index.html does not name costs one more round trip, in the deep of a chain."""
    async with client(service(issuer)) as browser:
        html = (await browser.get("/", headers=bearer(issuer, "clerk"))).text
    named = {path.split("/", 3)[3] for path in references(html)}
    imported = {
        name
        for module in named
        if module.endswith(".js")
        for name in re.findall(r"from '\./([^']+)'", (page.STATIC / module).read_text())
    }
    assert imported
    assert imported <= named


async def test_files_are_kept_for_good_under_their_digest_and_not_at_all_under_another(
    issuer: Issuer,
) -> None:
    async with client(service(issuer)) as browser:
        current = await browser.get(f"/static/{page.assets().digest}/app.js")
        other = await browser.get("/static/0123456789abcdef/app.js")
    assert "immutable" in current.headers["cache-control"]
    assert other.headers["cache-control"] == "no-store"
    assert other.text == current.text


@pytest.mark.parametrize("name", ["nothing.js", "index.html", "..%2Fpage.py", "%2e%2e/page.py"])
async def test_nothing_but_the_files_is_served(issuer: Issuer, name: str) -> None:
    async with client(service(issuer)) as browser:
        answer = await browser.get(f"/static/{page.assets().digest}/{name}")
    assert answer.status_code == 404


async def test_who_cannot_unpack_gzip_gets_the_file_as_it_is(issuer: Issuer) -> None:
    path = f"/static/{page.assets().digest}/words.js"
    async with client(service(issuer)) as browser:
        plain = await browser.get(path, headers={"accept-encoding": "identity"})
        packed = await browser.get(path, headers={"accept-encoding": "gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert plain.content == packed.content == (page.STATIC / "words.js").read_bytes()


def test_the_first_view_is_small_and_the_chart_is_within_its_bound() -> None:
    files = page.assets().files
    own = b"".join(
        asset.body
        for name, asset in files.items()
        if not name.startswith("vendor/") and name.endswith((".js", ".css"))
    )
    chart = files["vendor/echarts/echarts.min.js"]
    assert 0 < len(gzip.compress(own)) <= OWN_BYTES
    assert 0 < len(chart.gzipped) <= CHART_BYTES


def test_no_file_of_ours_holds_an_inline_style_or_script_or_another_host() -> None:
    """The Content-Security-Policy would refuse the first two, and an office has no internet."""
    for name, asset in page.assets().files.items():
        if name.startswith("vendor/") or not name.endswith((".html", ".css", ".js")):
            continue
        text = asset.body.decode().replace("http://www.w3.org/2000/svg", "")
        assert not re.search(r"https?://|<script>|\sstyle=|\son\w+=\"|innerHTML", text), name
