"""Lawful erasure in a store: the data of one event go, by order, and nothing else ever does."""

from collections.abc import Sequence
from dataclasses import fields
from datetime import date
from hashlib import sha256
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import orjson
import pytest

from services.notification.feed import Cursor, Wanted, page
from shared.contracts.blocks import Document, OfCase
from shared.contracts.dossier import DeficiencyWithdrawn, DossierEvent
from shared.contracts.erased import CaseErased, DossierErased, Erased
from shared.contracts.registry import CONTRACTS_URL, encode, type_of
from shared.events.envelope import from_kafka, seal, to_headers
from shared.events.structured import structured
from shared.messaging.outgoing import dressed, outgoing
from shared.messaging.parking import packed, unpacked
from shared.store.command import Heard
from shared.store.erasure import Order, erase
from shared.store.log import Log
from shared.store.migrate import migrate
from shared.store.schema import FROZEN
from shared.store.streams import Stream
from tests.faults.followed import headers, record
from tests.integration.store import (
    MIGRATIONS,
    REMEMBERING,
    command,
    new_log,
    note,
    prepare,
    serving,
    stream,
    today,
)
from tests.integration.submission import Submission, submission
from tests.unit.dossiers import OFFICE, PROGRAMME, TOWNSHIP
from tests.unit.review_path import Path as CasePath

PHRASE = "王某某因病请假"
BASIS = Document(title="关于删除个人信息的决定", number="山安监决〔2019〕6号")
DAY = date(2018, 9, 5)
DISTRICT = "370406-safety"
FOUND = {"deficiencies": [{"item": "files", "description": PHRASE}]}


def order() -> Order:
    return Order(basis=BASIS, reason=None, effective_on=today())


async def erased(log: Log, version: int) -> list[Erased]:
    """Have that event of the stream erased, as the HTTP side does."""
    history = await log.history(stream())
    wanted = Heard("dossier", "p/t", version)
    events = erase(history, REMEMBERING, {DeficiencyWithdrawn}, wanted, order())

    def decide(told: Sequence[DossierEvent]) -> list[Any]:
        return list(events)

    await log.decide(command(), stream(), decide)
    return events


async def test_an_erased_event_keeps_its_place_and_its_leaf_and_nothing_of_what_it_said(
    database: str,
) -> None:
    await prepare(database)
    async with serving(new_log(database)) as log:
        for reason in ("one", PHRASE, "three"):
            await log.decide(command(), stream(), lambda told, why=reason: [note(why)])
        _, before, _ = await log.history(stream())
        await erased(log, 2)
        first, after, third, last = await log.history(stream())
        assert (after.data, after.salt) == (b"", sha256(before.salt + before.data).digest())
        assert after._replace(data=before.data, salt=before.salt) == before
        headers = dict(to_headers(after, "test", CONTRACTS_URL))
        assert seal(headers, after.datahash) == before.leaf
        assert (first.erased, third.erased, last.type) == (False, False, "fuyan.dossier.erased.v1")
        rows = await log.rows("SELECT * FROM erasure")
        assert [tuple(row) for row in rows] == [("dossier", "p/t", 2, after.salt, 4)]
        sent = [
            await dressed(log, row, CONTRACTS_URL)
            for row in await outgoing(log, 0, 9, CONTRACTS_URL)
        ]
        assert dict(sent[1].headers) == headers
        assert sent[1].value == b""


async def test_a_state_is_folded_anew_without_it_also_for_who_asks_in_the_same_breath(
    database: str,
) -> None:
    await prepare(database)
    async with serving(new_log(database)) as log:
        await log.decide(command(), stream(), lambda told: [note("one"), note(PHRASE)])
        await erased(log, 2)
        version, told = await log.state(stream())
        assert (version, [one.reason for one in told]) == (3, ["one"])
        seen: list[list[str]] = []

        def look(told: Sequence[DossierEvent]) -> list[DossierEvent]:
            seen.append([getattr(one, "reason", "") for one in told])
            return []

        await log.decide(command(), stream(), look)
        assert seen == [["one"]]


CHANGES = [
    "UPDATE log SET data = '', salt = sha256(salt || data) WHERE version = 1",
    "UPDATE log SET data = '' WHERE version = 2",
    "UPDATE log SET actor = 'x:1', data = '', salt = sha256(salt || data) WHERE version = 2",
    "UPDATE log SET data = 'other' WHERE version = 2",
    "DELETE FROM log WHERE version = 2",
    "TRUNCATE log",
    "DELETE FROM erasure",
    "UPDATE erasure SET datahash = ''",
]


@pytest.mark.parametrize("statement", CHANGES)
async def test_nothing_but_what_was_ordered_can_be_blanked(database: str, statement: str) -> None:
    await prepare(database)
    async with serving(new_log(database)) as log:
        await log.decide(command(), stream(), lambda told: [note("one"), note(PHRASE)])
        await erased(log, 2)
    owner = await asyncpg.connect(database)
    try:
        with pytest.raises(asyncpg.PostgresError, match="append-only"):
            await owner.execute(statement)
    finally:
        await owner.close()


async def test_the_role_of_a_service_erases_by_saying_so_and_in_no_other_way(
    database: str,
) -> None:
    owner = await asyncpg.connect(database)
    role = f"role_{uuid4().hex}"
    try:
        await owner.execute(f"CREATE ROLE {role}")
        await migrate(database, MIGRATIONS, role, FROZEN)
        async with serving(new_log(database)) as log:
            await log.decide(command(), stream(), lambda told: [note(PHRASE), note("two")])
            columns = ", ".join((await log.history(stream()))[0]._fields)
        await owner.execute(f"SET ROLE {role}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await owner.execute("UPDATE log SET data = '', salt = sha256(salt || data)")
        said = columns.replace("position", "3").replace("version", "3")
        said = said.replace(" type", " 'fuyan.dossier.erased.v1'").replace(
            " id", " gen_random_uuid()"
        )
        said = said.replace(" data", """ '{"version": 1}'::bytea""")
        await owner.execute(f"INSERT INTO log ({columns}) SELECT {said} FROM log WHERE version = 2")
        blank = "SELECT version FROM log WHERE data = ''"
        assert [row[0] for row in await owner.fetch(blank)] == [1]
    finally:
        await owner.execute("RESET ROLE")
        await owner.execute(f"DROP OWNED BY {role}")
        await owner.execute(f"DROP ROLE {role}")
        await owner.close()


BY_HAND = [
    "SELECT erase_waiting('dossier', 'p/t', 1)",
    # A table of the same name, whose trigger would blank the true one with its owner's rights.
    "CREATE TEMP TABLE heard (context text);"
    " CREATE TRIGGER t AFTER INSERT ON heard FOR EACH ROW EXECUTE FUNCTION erase_named()",
]


@pytest.mark.parametrize("statement", BY_HAND)
async def test_nobody_erases_by_hand_with_the_rights_of_the_owner(
    database: str, statement: str
) -> None:
    await prepare(database)
    owner = await asyncpg.connect(database)
    role = f"role_{uuid4().hex}"
    try:
        await owner.execute(f"CREATE ROLE {role}")
        await owner.execute(f"SET ROLE {role}")
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="function"):
            await owner.execute(statement)
    finally:
        await owner.execute("RESET ROLE")
        await owner.execute(f"DROP OWNED BY {role}")
        await owner.execute(f"DROP ROLE {role}")
        await owner.close()


async def send(
    service: Submission, event: str, *, key: str | None = None, role: str = "leader", **more: Any
) -> httpx.Response:
    return await service.http.post(
        "/v1/erasures",
        json={"event": event, "basis": {"title": BASIS.title, "number": BASIS.number}, **more},
        headers={
            **service.who(role, organisation=DISTRICT),
            "Idempotency-Key": key or uuid4().hex,
        },
    )


ADDRESS = f"dossier/{PROGRAMME}/{TOWNSHIP}"


async def test_the_leader_of_the_district_has_an_event_erased(
    database: str, tmp_path: Path
) -> None:
    async with submission(database, tmp_path / "clock", DAY) as service:
        found = await service.post("deficiencies", FOUND, "clerk")
        assert found.status_code == 201, found.text
        made = await send(service, f"{ADDRESS}@1", key="once", reason="误录个人信息")
        assert made.status_code == 201, made.text
        assert made.json()["version"] == 2
        assert made.headers["Location"] == f"/v1/erasures/{ADDRESS}@1"
        again = await send(service, f"{ADDRESS}@1", key="once", reason="误录个人信息")
        assert again.json() == made.json()
        assert (await send(service, f"{ADDRESS}@1")).json()["code"] == "already-erased"
        assert (await send(service, f"{ADDRESS}@2")).json()["code"] == "event-carries-state"
        assert (await send(service, f"{ADDRESS}@3")).json()["code"] == "unknown-event"
        listed = await service.http.get(
            "/v1/erasures",
            params={"programme": PROGRAMME},
            headers=service.who("auditor", organisation="audit"),
        )
        (line,) = listed.json()
        one = await service.http.get(
            made.headers["Location"], headers=service.who("officer", organisation=DISTRICT)
        )
        assert one.json() == line
        assert (line["event"], line["erased_by"]) == (f"{ADDRESS}@1", f"{ADDRESS}@2")
        assert line["type"] == "fuyan.dossier.deficiency-found.v1"
        assert (line["basis"]["title"], line["reason"]) == (BASIS.title, "误录个人信息")
        assert line["published_without"] is False
        assert PHRASE not in (await service.get("deficiencies")).text
        other = service.who("leader", organisation="370403-safety")
        refused = await service.http.get(made.headers["Location"], headers=other)
        assert refused.json()["code"] == "other-organisation"
        assert (await service.get(organisation=OFFICE)).status_code == 200


async def test_what_a_later_event_builds_on_is_not_erased_before_that_one(
    database: str, tmp_path: Path
) -> None:
    async with submission(database, tmp_path / "clock", DAY) as service:
        found = await service.post("deficiencies", FOUND, "clerk")
        (name,) = found.json()["deficiency_ids"]
        done = await service.post(f"deficiencies/{name}/withdrawal", {"reason": PHRASE}, "clerk")
        assert done.status_code == 201, done.text
        refused = await send(service, f"{ADDRESS}@1")
        assert (refused.status_code, refused.json()["code"]) == (409, "event-carries-state")
        assert (await send(service, f"{ADDRESS}@2")).status_code == 201
        assert (await send(service, f"{ADDRESS}@1")).status_code == 201


def test_an_erasure_says_where_the_event_was_and_nothing_of_what_it_said() -> None:
    assert set(DossierErased.__dataclass_fields__) == {
        "programme", "effective_on", "backdated_reason", "document", "township",
        "township_name", "office", "subject", "version", "basis", "reason",
    }  # fmt: skip


async def test_a_follower_forgets_its_copy_and_the_state_that_it_held_in_memory(
    database: str, tmp_path: Path
) -> None:
    async with submission(database, tmp_path / "clock", DAY) as service:
        path = CasePath().appointed()
        case_id = path.case.opened.case_id if path.case.opened else ""
        for event in path.events:
            await service.hear(event)
        _, before = await service.log.state(Stream("case", case_id))
        assert before.members
        last = service.ears._record(path.events[-1])  # the next version of the stream
        appointed = path.events[-1]
        gone = CaseErased(
            **{one.name: getattr(appointed, one.name) for one in fields(OfCase)},
            subject=case_id,
            version=last.version - 1,
            basis=BASIS,
        )
        await service.ears.heed(
            service.log, last._replace(id=uuid4(), type=type_of(gone), data=encode(gone))
        )
        _, after = await service.log.state(Stream("case", case_id))
        assert not after.members
        rows = await service.log.rows(
            "SELECT version, data, salt FROM heard WHERE context = 'case' ORDER BY version"
        )
        assert [row[1] == b"" for row in rows] == [False, True, False]
        assert rows[1][2] == sha256(bytes(16) + encode(appointed)).digest()


async def test_what_waits_parked_is_blanked_as_soon_as_its_erasure_waits_behind_it(
    database: str,
) -> None:
    await prepare(database)
    wrong = record("p/t", 1, event=note(PHRASE))
    gone = DossierErased(
        programme="p", effective_on=today(), township="t", township_name="T", office="o",
        subject="p/t", version=1, basis=BASIS,
    )  # fmt: skip
    said = record("p/t", 2, event=gone)
    owner = await asyncpg.connect(database)
    try:
        for seq, one in enumerate((wrong, said), 1):
            await owner.execute(
                "INSERT INTO parked VALUES ('dossier', 'p/t', $1, 'p/t', $1, $2, 't', 0, 7, $3,"
                " $4, $5, 1, now())",
                *(seq, one.id, packed(headers(one)), one.data, f"ValidationError: {PHRASE}"),
            )
        found = await owner.fetch("SELECT headers, value, reason FROM parked ORDER BY seq")
    finally:
        await owner.close()
    assert [row["value"] for row in found] == [b"", said.data]
    waiting = [(name, value or b"") for name, value in unpacked(found[0]["headers"])]
    left = from_kafka(waiting, b"", None)
    assert left.datahash == wrong.datahash
    assert found[0]["reason"] == "ValidationError"  # which quotes what it could not read


async def test_subscribers_get_an_erased_event_without_its_data(database: str) -> None:
    await prepare(database)
    async with serving(new_log(database)) as log:
        await log.decide(command(), stream(), lambda told: [note(PHRASE)])
        await erased(log, 1)
        records, _, _ = await page(log, Cursor(), Wanted(), 10)
        told = [structured(one, "test", CONTRACTS_URL) for one in records]
        assert "data" not in told[0]
        assert told[0]["datahash"] == records[0].salt.hex()
        assert PHRASE not in orjson.dumps(told).decode()
