"""A small programme as its district sends it."""

from typing import Any

from tests.stateful import table
from tests.stateful.titles import GRANTS, TO_RANK
from tests.stateful.world import CITY, DISTRICT, Batch, World

PAPER = {"title": "复函", "number": "山安监函〔2018〕3号", "sha256": "ab" * 32}


def definition(world: World) -> dict[str, Any]:
    """The programme as its district sends it."""
    book = world.book
    return {
        "code": world.code,
        "name_zh": "复验",
        "name_en": "Re-verification",
        "district": {"organisation": DISTRICT, "name": "区安监局"},
        "city": {"organisation": CITY, "name": "市安监局"},
        "basis": [PAPER],
        "rehearsal": False,
        "phases": [
            {
                "code": "prepare",
                "name": "准备",
                "to_on": book.phase.prepared.isoformat(),
                "applications_open": False,
            },
            {
                "code": "apply",
                "name": "申报",
                "from_on": book.phase.from_on and book.phase.from_on.isoformat(),
                "to_on": book.phase.to_on.isoformat(),
                "applications_open": True,
            },
        ],
        "targets": [
            {
                "code": code,
                "name": code,
                "due_on": one.due_on.isoformat(),
                "freeze_on": one.freeze_on and one.freeze_on.isoformat(),
                "members": "committed",
                "achieved_by": "city-passed",
                "strength": "require",
            }
            for code, one in book.targets.items()
        ],
        "standard": table.sent(1),
        "rules": [
            {"kind": "deadlines", "rules": {"decide_wd": 10, "resubmit_wd": 15, "reapply_wd": 5}},
            {
                "kind": "reward",
                "rules": {
                    "grants": [
                        {"fund": fund, "basis": basis, "amount_fen": amount}
                        | ({"to_rank": TO_RANK} if basis == "rank" else {})
                        for (fund, basis), amount in GRANTS.items()
                    ]
                },
            },
        ],
        "batches": [sent_batch(code, one) for code, one in book.batches.items()],
        "townships": [
            {
                "township": one.code,
                "name": one.code,
                "kind": "town",
                "office": one.office,
                "office_name": one.office,
                "government": one.government,
                "government_name": one.government,
            }
            for one in world.townships
        ],
    }


def sent_batch(code: str, batch: Batch) -> dict[str, Any]:
    return {
        "batch": code,
        "name": code,
        "opens_on": batch.opens_on.isoformat(),
        "closes_on": batch.closes_on.isoformat(),
        "target": batch.target,
    }
