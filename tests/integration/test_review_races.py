"""A withdrawal in the minute of a decision: their order in the case's stream settles it."""

import asyncio
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import httpx
import pytest

from shared.contracts.dossier import WithdrawalRequested
from shared.contracts.refusals import REFUSALS
from shared.store.streams import Stream
from tests.integration.review import DEFINITION, Review, application, review
from tests.integration.review_steps import agreed, case, code, prepared, standard

TOWNSHIPS = [one["township"] for one in DEFINITION["townships"]]
WITHDRAWN, REFUSED = ["closed"], ["preliminary-passed", "withdrawal-refused"]


@pytest.fixture
async def service(database: str, tmp_path: Path) -> AsyncIterator[Review]:
    async with review(database, tmp_path / "clock") as serving:
        await prepared(serving)
        for township in TOWNSHIPS[2:]:
            await serving.hear(application(await standard(serving), township))
        yield serving


def wish(township: str) -> WithdrawalRequested:
    return WithdrawalRequested(
        programme="shanting-2018",
        effective_on=date(2018, 9, 14),
        township=township,
        township_name=township,
        office=f"{township}-office",
        application_id=f"a-{township}-1",
        round=1,
        requested_on=date(2018, 9, 14),
        reason="材料有误",
    )


async def decide(service: Review, township: str, version: int) -> httpx.Response:
    at = f"{case(township)}/decision"
    return await service.post(at, {"decision": "pass"}, "liu", "leader", version=version)


async def both(service: Review, township: str, lead: int) -> list[str]:
    """Both at once; answers what the stream has then.

    The decision comes `lead` turns of the loop before the request, or that many after it.
    """
    version = await agreed(service, township)
    service.on(9, 14)

    async def deciding() -> httpx.Response:
        for _ in range(-lead):
            await asyncio.sleep(0)
        return await decide(service, township, version)

    async def hearing() -> None:
        for _ in range(lead):
            await asyncio.sleep(0)
        await service.hear(wish(township))

    answer, _ = await asyncio.gather(deciding(), hearing())
    history = await service.log.history(Stream("case", f"shanting-2018/{township}/1"))
    after = [one.type.split(".")[2] for one in history[version:]]
    if answer.status_code == 201:
        assert after == REFUSED, "it was decided, so the request is refused"
    else:
        assert after == WITHDRAWN, "it was withdrawn, so nobody decides"
        assert code(answer) in ("version-mismatch", "case-closed")
        assert REFUSALS[code(answer)].status == answer.status_code
    return after


async def test_a_withdrawal_and_a_decision_at_once_have_one_outcome(service: Review) -> None:
    outcomes = [
        await both(service, township, lead=lead)
        for township, lead in zip(TOWNSHIPS, range(-9, 10, 2), strict=True)
    ]
    assert WITHDRAWN in outcomes
    assert REFUSED in outcomes


async def test_whichever_comes_first_decides(service: Review) -> None:
    first, second, *_ = TOWNSHIPS
    version = await agreed(service, first)
    service.on(9, 14)
    await service.hear(wish(first))
    late = await decide(service, first, version + 1)
    assert (late.status_code, code(late)) == (409, "case-closed")
    assert (await service.get(case(first)))["closed"]["outcome"] == "withdrawn"

    version = await agreed(service, second)
    service.on(9, 14)
    assert (await decide(service, second, version)).status_code == 201
    await service.hear(wish(second))
    found = await service.get(case(second), "head", "head", organisation=f"{second}-office")
    assert (found["stage"], found["closed"]) == ("preliminary-passed", None)
    # The office sees at its case that it asked in vain; notices tell it, too.
    assert found["withdrawal_refused"]["reason"] == "already-decided"
