"""A database of before evidence: it followed cases without keeping them, and hears them again."""

from pathlib import Path

import asyncpg

from shared.contracts.blocks import Reason
from shared.contracts.case import ApplicationRejected, CaseEvent
from tests.integration.evidence import Clerk, hashed
from tests.integration.submission import submission
from tests.integration.test_submission_http import ready
from tests.unit.dossiers import PROGRAMME, SEPTEMBER, TOWNSHIP
from tests.unit.evidence import OTHER, appointed, of_case
from tests.unit.photographs import jpeg

# What 0003 makes, and what it finds: heads and fences of cases, and no copy of any.
AS_BEFORE = """
DELETE FROM heard WHERE context = 'case';
DROP TABLE evidence, evidence_part, evidence_upload, evidence_read, evidence_erasure, evidence_gone;
UPDATE alembic_version SET version_num = '0002';
INSERT INTO parked VALUES ('case', 'p/t', 1, 'p/t/1', 1, gen_random_uuid(), 'fuyan.case.v1', 0, 0,
  '[]', '', 'once', 1, now());
"""


async def rows(database: str, statement: str) -> list[str]:
    connection = await asyncpg.connect(database)
    try:
        return [row[0] for row in await connection.fetch(statement)]
    finally:
        await connection.close()


async def test_cases_are_heard_again_from_the_first_and_nothing_is_done_twice(
    database: str, tmp_path: Path
) -> None:
    async with submission(database, tmp_path / "clock", SEPTEMBER) as service:
        await ready(service)
        service.on(SEPTEMBER)
        made = (await service.post("applications", {}, "head")).json()["application_id"]
        case: list[CaseEvent] = [
            appointed("member-1"),
            ApplicationRejected(
                **(of_case() | {"application_id": made}),
                reasons=(Reason(code="late", text="逾期"),),
            ),
        ]
        service.on(of_case()["effective_on"])
        await service.hear(*case)
        before = (await service.get()).headers["etag"]
        assert (await service.get("applications")).json()[0]["closed"]["outcome"] == "rejected"
    connection = await asyncpg.connect(database)
    await connection.execute(AS_BEFORE)
    await connection.close()

    async with submission(database, tmp_path / "clock", SEPTEMBER, opening=()) as service:
        service.on(of_case()["effective_on"])
        heads = service.ears.tenure.writer.heads
        assert {context for context, _ in heads} == {"programme"}, "cases would not be heard again"
        assert await rows(database, "SELECT topic FROM fence") == ["fuyan.programme.v1"]
        assert await rows(database, "SELECT key FROM parked") == []
        await Clerk(service).at_once(jpeg())
        member = Clerk(service, "member", organisation=OTHER)
        assert (await member.get(f"/{hashed(jpeg())}")).status_code == 404
        await service.hear(*case)
        assert (await member.get(f"/{hashed(jpeg())}")).status_code == 200
        assert (await service.get()).headers["etag"] == before, "a reaction was done twice"
        assert heads["case", f"{PROGRAMME}/{TOWNSHIP}/1"][0] == len(case)
