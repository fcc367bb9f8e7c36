"""A version that consumers must learn first: refused with a sentence until it is raised."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from shared.contracts.programme import TownshipEnrolled
from shared.store.streams import Stream
from tests.integration.submission import Submission, submission
from tests.unit.dossiers import MAY, OFFICE, OPENING, PROGRAMME, TOWNSHIP

V1 = "fuyan.dossier.good-practice-shared.v1"
V2 = "fuyan.dossier.good-practice-shared.v2"
NEIGHBOUR, FAR = ("370406102", "370406102-office"), ("370406103", "370406103-office")
FOR_ONE = {
    "title": "网格化巡查",
    "summary": "每周一次",
    "publicity": "named",
    "shared_with": [NEIGHBOUR[0]],
}
FOR_ALL = {"title": "联合执法", "summary": "每月一次", "publicity": "internal"}
ENROLLED = cast("TownshipEnrolled", OPENING[-1])
OTHERS = [
    replace(ENROLLED, township=code, office=office, government=f"{code}-gov")
    for code, office in (NEIGHBOUR, FAR)
]


@pytest.fixture
async def cautious(database: str, tmp_path: Path) -> AsyncIterator[Submission]:
    async with submission(database, tmp_path / "clock", MAY) as serving:
        await serving.hear(*OTHERS)
        yield serving


async def said(service: Submission) -> list[str]:
    history = await service.log.history(Stream("dossier", f"{PROGRAMME}/{TOWNSHIP}"))
    return [record.type for record in history]


async def titles(service: Submission, *roles: str, organisation: str) -> set[str]:
    read = await service.http.get(
        f"/v1/good-practices?programme={PROGRAMME}",
        headers=service.who(*roles, organisation=organisation),
    )
    assert read.status_code == 200, read.text
    return {one["title"] for one in read.json()["practices"]}


async def test_before_it_is_raised_old_words_are_written_and_new_ones_refused(
    cautious: Submission,
) -> None:
    refused = await cautious.post("good-practices", FOR_ONE, "head")
    assert (refused.status_code, refused.json()["code"]) == (409, "emission-not-raised")
    assert "FUYAN_EMIT" in refused.text
    assert await said(cautious) == []
    assert (await cautious.post("good-practices", FOR_ALL, "head")).status_code == 201
    assert await said(cautious) == [V1]
    (own,) = (await cautious.get("good-practices")).json()
    assert (own["publicity"], own["shared_with"]) == ("internal", [])


async def test_once_raised_a_practice_reaches_those_it_names_and_nobody_else(
    database: str, tmp_path: Path
) -> None:
    async with submission(database, tmp_path / "clock", MAY) as before:
        assert (await before.post("good-practices", FOR_ALL, "head")).status_code == 201
    async with submission(database, tmp_path / "clock", MAY, emit=V2) as service:
        await service.hear(*OTHERS)
        assert (await service.post("good-practices", FOR_ONE, "head")).status_code == 201
        # Said in v1 before, it is still known: nobody needs it twice.
        again = await service.post("good-practices", FOR_ALL, "head")
        assert (again.status_code, again.json()["version"]) == (201, 2)
        assert await said(service) == [V1, V2]
        everything, common = {"网格化巡查", "联合执法"}, {"联合执法"}
        for organisation, role, expected in (
            (OFFICE, "clerk", everything),
            (NEIGHBOUR[1], "head", everything),
            (FAR[1], "head", common),
            ("370406-safety", "officer", everything),
            ("370400-safety", "city", everything),
            ("anywhere", "auditor", everything),
            ("370406-civil-affairs", "bureau", set()),
        ):
            assert await titles(service, role, organisation=organisation) == expected
