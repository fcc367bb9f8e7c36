"""Who is let in, and who is not."""

import base64
import json
import time
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from deploy.local.issuer import Issuer, serving
from shared.contracts.refusals import Refused
from shared.web.auth import COOKIE, Auth, allow
from shared.web.keys import Keys
from tests.unit.web_app import IssuerSide, bearer, client, small_service

ISSUER = Issuer()
OWN = "/v1/dossiers/370406001"


def app_of(issuer: Issuer = ISSUER, **settings: Any) -> Any:
    return small_service(IssuerSide(issuer), **settings)


async def get(token: str | None, path: str = OWN, **settings: Any) -> httpx.Response:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    async with client(app_of(**settings)) as http:
        return await http.get(path, headers=headers)


def clerk(minutes: float = 5) -> str:
    return ISSUER.token("o17", "370406001", ["clerk"], minutes)


async def test_a_clerk_of_the_office_is_let_in() -> None:
    answer = await get(clerk())
    assert (answer.status_code, answer.json()) == (200, "370406001:o17")


async def test_nobody_is_asked_to_sign_in() -> None:
    answer = await get(None)
    assert answer.status_code == 401
    assert answer.json()["code"] == "not-signed-in"
    assert answer.headers["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("claim", "value"),
    [
        ("aud", "elsewhere"),
        ("iss", "https://elsewhere.example.org"),
        ("exp", 1_500_000_000),
        ("iat", 4_000_000_000),
        ("sub", "o17/x"),
        ("sub", "a:b"),
        ("org", ""),
        ("org", None),
        ("roles", "clerk"),
        ("roles", None),
    ],
)
async def test_a_token_with_one_wrong_claim_is_worth_nothing(claim: str, value: object) -> None:
    claims = jwt.decode(clerk(), options={"verify_signature": False})
    right = jwt.encode(claims, ISSUER._key, "EdDSA", headers={"kid": ISSUER._kid})
    wrong = jwt.encode(claims | {claim: value}, ISSUER._key, "EdDSA", headers={"kid": ISSUER._kid})
    assert (await get(right)).status_code == 200
    assert (await get(wrong)).json()["code"] == "not-signed-in"


@pytest.mark.parametrize("claim", ["aud", "iss", "exp", "iat", "sub", "org", "roles"])
async def test_a_token_without_a_claim_is_worth_nothing(claim: str) -> None:
    claims = jwt.decode(clerk(), options={"verify_signature": False})
    del claims[claim]
    token = jwt.encode(claims, ISSUER._key, "EdDSA", headers={"kid": ISSUER._kid})
    assert (await get(token)).status_code == 401


async def test_an_expired_token_is_worth_nothing() -> None:
    assert (await get(clerk(minutes=-1))).json()["code"] == "not-signed-in"


async def test_a_token_is_verified_once_and_again_after_its_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    auth: Auth = app_of().state.auth
    token = clerk()
    first = await auth.claims(token)
    assert await auth.claims(token) is first
    # jwt keeps a clock of its own, by which the token still holds: only our memory has to end.
    monkeypatch.setattr("shared.web.auth.time.time", lambda: first["exp"] + 1)
    assert await auth.claims(token) is not first


async def test_a_token_ends_with_its_key() -> None:
    side, now = IssuerSide(ISSUER), [0.0]
    auth: Auth = small_service(side).state.auth
    auth.keys = keys_of(side, now)
    token = clerk()
    await auth.claims(token)
    side.issuer, now[0] = Issuer(), 10.0
    await auth.claims(side.issuer.token("o17", "370406001", ["clerk"]))
    with pytest.raises(Refused, match="not-signed-in"):
        await auth.claims(token)


async def test_a_token_of_an_unknown_key_is_worth_nothing() -> None:
    assert (await get(Issuer().token("o17", "370406001", ["clerk"]))).status_code == 401


async def test_a_stolen_key_id_does_not_help_another_key() -> None:
    claims = jwt.decode(clerk(), options={"verify_signature": False})
    forged = jwt.encode(claims, Ed25519PrivateKey.generate(), "EdDSA", headers={"kid": ISSUER._kid})
    assert (await get(forged)).status_code == 401


async def test_an_unsigned_token_is_worth_nothing() -> None:
    claims = jwt.decode(clerk(), options={"verify_signature": False})
    unsigned = jwt.encode(claims, "", "none", headers={"kid": ISSUER._kid})
    assert (await get(unsigned)).status_code == 401


async def test_a_public_key_is_no_shared_secret() -> None:
    claims = jwt.decode(clerk(), options={"verify_signature": False})
    public = base64.urlsafe_b64decode(ISSUER.jwks()["keys"][0]["x"] + "==")  # type: ignore[index]
    forged = jwt.encode(claims, public, "HS256", headers={"kid": ISSUER._kid})
    assert (await get(forged)).status_code == 401


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é", "." * 50])
async def test_what_is_no_token_is_worth_nothing(token: str) -> None:
    async with client(app_of()) as http:
        answer = await http.get(OWN, headers=[(b"Authorization", f"Bearer {token}".encode())])
    assert answer.status_code == 401


async def test_another_role_is_told_who_may() -> None:
    answer = await get(ISSUER.token("o17", "370406001", ["auditor", "emperor"]))
    assert answer.status_code == 403
    assert answer.json()["code"] == "role-not-allowed"
    assert answer.json()["facts"] == {"roles": ["clerk"]}
    assert "镇街经办人" in answer.json()["title"]


async def test_another_office_is_refused() -> None:
    answer = await get(clerk(), "/v1/dossiers/370406002")
    assert (answer.status_code, answer.json()["code"]) == (403, "other-organisation")


@pytest.mark.parametrize("name", [(), ("clark",)])
def test_a_role_that_does_not_exist_is_a_wiring_error(name: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="roles are"):
        allow(*name)


def keys_of(side: IssuerSide, now: list[float]) -> Keys:
    return Keys(
        "http://issuer/jwks",
        httpx.AsyncClient(transport=side),
        age=600,
        pause=3,
        monotonic=lambda: now[0],
    )


async def test_the_last_known_keys_outlive_the_issuer() -> None:
    side, now = IssuerSide(ISSUER), [0.0]
    keys = keys_of(side, now)
    assert await keys.get(ISSUER._kid)
    side.away, now[0] = True, 10_000.0
    assert await keys.get(ISSUER._kid)
    assert keys._refresh is not None
    await keys._refresh
    assert side.asked == 2
    assert await keys.get(ISSUER._kid)


async def test_made_up_key_ids_do_not_become_requests_to_the_issuer() -> None:
    side, now = IssuerSide(ISSUER), [0.0]
    keys = keys_of(side, now)
    for made_up in range(20):
        assert await keys.get(f"made-up-{made_up}") is None
    assert side.asked == 1
    now[0] = 3.0
    assert await keys.get("made-up") is None
    assert side.asked == 2


async def test_a_new_key_is_learned_as_soon_as_it_is_used() -> None:
    side, now = IssuerSide(ISSUER), [0.0]
    keys = keys_of(side, now)
    await keys.get(ISSUER._kid)
    side.issuer, now[0] = Issuer(), 5.0
    assert await keys.get(side.issuer._kid)
    assert await keys.get(ISSUER._kid) is None


async def test_without_any_key_yet_the_answer_is_to_try_again() -> None:
    side = IssuerSide(ISSUER)
    side.away = True
    async with client(small_service(side)) as http:
        answer = await http.get(OWN, headers=bearer(ISSUER, "clerk"))
    assert (answer.status_code, answer.json()["code"]) == (503, "issuer-unreachable")
    assert answer.headers["retry-after"] == "3"


async def test_keys_that_we_cannot_use_cost_us_no_others() -> None:
    curve = ec.generate_private_key(ec.SECP256R1())
    rsa_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    jwks = {
        "keys": [
            {"kty": "oct", "kid": "shared", "k": "c2VjcmV0"},
            {"kty": "martian", "kid": "x"},
            {"kid": "empty"},
            json.loads(ECAlgorithm.to_jwk(curve.public_key())) | {"kid": "ec"},
            json.loads(RSAAlgorithm.to_jwk(rsa_key.public_key())) | {"kid": "rsa", "use": "sig"},
            json.loads(RSAAlgorithm.to_jwk(rsa_key.public_key())) | {"kid": "enc", "use": "enc"},
        ]
    }
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=jwks))
    keys = Keys("http://issuer/jwks", httpx.AsyncClient(transport=transport))
    known = {kid for kid in ("shared", "x", "empty", "ec", "rsa", "enc") if await keys.get(kid)}
    assert known == {"ec", "rsa"}


@pytest.mark.parametrize("answer", [b"[]", b"{}", b"not json", b'{"keys": 1}'])
async def test_an_answer_that_is_no_key_set_is_an_issuer_away(answer: bytes) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, content=answer))
    with pytest.raises(Refused, match="issuer-unreachable"):
        await Keys("http://issuer/jwks", httpx.AsyncClient(transport=transport)).get("any")


async def post_with_cookie(headers: dict[str, str]) -> httpx.Response:
    async with client(app_of(), cookies={COOKIE: clerk()}) as http:
        return await http.post("/v1/wishes", headers={"Idempotency-Key": "k"} | headers)


@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "same-origin"}, {"Origin": "http://small.test"}],
)
async def test_our_own_page_commands_with_the_cookie(headers: dict[str, str]) -> None:
    assert (await post_with_cookie(headers)).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "none"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://small.test"},
        {"Origin": "http://evil.test"},
        {"Origin": "http://small.test:81"},
        {"Origin": "null"},
    ],
)
async def test_another_page_does_not(headers: dict[str, str]) -> None:
    answer = await post_with_cookie(headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "cross-site-request")


async def test_the_cookie_reads_from_anywhere() -> None:
    async with client(app_of(), cookies={COOKIE: clerk()}) as http:
        assert (await http.get(OWN)).status_code == 200


async def test_signing_in_keeps_the_token_where_no_script_reads_it() -> None:
    async with client(app_of(sign_in_url="http://127.0.0.1:1/sign-in")) as http:
        answer = await http.get("/session", params={"token": clerk(), "return": "/board?x=1"})
        assert (answer.status_code, answer.headers["location"]) == (303, "/board?x=1")
        cookie = answer.headers["set-cookie"]
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        assert (await http.get(OWN)).status_code == 200


async def test_a_bad_token_is_not_kept() -> None:
    async with client(app_of(sign_in_url="http://127.0.0.1:1/sign-in")) as http:
        answer = await http.get("/session", params={"token": clerk(minutes=-1)})
    assert answer.status_code == 401
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize(
    "elsewhere",
    ["https://evil.test", "//evil.test", "/\\evil.test", "/\t/evil.test", "evil", "/\n", ""],
)
async def test_signing_in_leads_nowhere_else(elsewhere: str) -> None:
    async with client(app_of(sign_in_url="http://127.0.0.1:1/sign-in")) as http:
        answer = await http.get("/session", params={"token": clerk(), "return": elsewhere})
    assert (answer.status_code, answer.json()["code"]) == (400, "return-not-local")


async def test_without_a_sign_in_page_there_is_no_session() -> None:
    assert (await get(None, "/session?token=x")).json()["code"] == "not-found"
    assert (await get(None, "/board")).json()["code"] == "not-signed-in"


async def test_a_browser_comes_back_signed_in_to_the_page_it_wanted() -> None:
    issuer = Issuer("walk")
    async with serving(issuer) as base:
        app = small_service(IssuerSide(issuer), sign_in_url=f"{base}/sign-in")
        async with client(app) as service, httpx.AsyncClient() as browser:
            service.base_url = httpx.URL("http://127.0.0.1:8004")
            sent = await service.get("/board?as_of=2018-09-01")
            back = await browser.get(sent.headers["location"])
            home = await service.get(back.headers["location"])
            assert home.headers["location"] == "/board?as_of=2018-09-01"
            assert COOKIE in service.cookies


async def test_the_demos_issuer_serves_its_keys_and_sends_nobody_elsewhere() -> None:
    async with serving(ISSUER) as base, httpx.AsyncClient(base_url=base) as http:
        assert (await http.get("/.well-known/jwks.json")).json() == ISSUER.jwks()
        for elsewhere in ("", "https://evil.test/", "http://127.0.0.1@evil.test/", "javascript:x"):
            answer = await http.get("/sign-in", params={"return": elsewhere})
            assert answer.status_code == 400, elsewhere


def test_a_token_is_valid_for_the_minutes_that_were_asked() -> None:
    claims = jwt.decode(clerk(minutes=7), options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 7 * 60
    assert claims["iat"] <= time.time()
    assert claims["iss"].startswith("urn:fuyan:demo:")
