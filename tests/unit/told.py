"""Events as a test tells them: each stream with its own versions, a second apart."""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Any, Self
from uuid import NAMESPACE_URL, uuid5

from services.projection.models.rows import Rows, fold
from shared.contracts.blocks import CategoryTotal, Grade, StandardRef, Totals
from shared.contracts.registry import Event, encode, type_of
from shared.events.envelope import Record, noon
from shared.messaging.reactions import Received

P = "shanting-2018"
FIRST_DUE, ALL_DUE = date(2018, 12, 31), date(2019, 12, 31)
OPENED_ON = date(2018, 2, 5)
STANDARD = StandardRef(code="zz", version=1, digest="5d")


def totals(total_cp: int = 90000, grade: Grade = "compliant") -> Totals:
    parts = (
        CategoryTotal(category="staff", total_cp=40000, max_cp=50000, share_bp=8000),
        CategoryTotal(category="files", total_cp=total_cp - 40000, max_cp=50000, share_bp=None),
    )
    return Totals(
        raw_cp=total_cp,
        applicable_max_cp=100000,
        bonus_cp=0,
        total_cp=total_cp,
        out_of_cp=100000,
        by_category=parts,
        vetoes=(),
        failed_gates=(),
        not_applicable=(),
        grade=grade,
    )


@dataclass
class Told:
    """Events in the order they were recorded; `on` is their effective day."""

    received: list[Received] = field(default_factory=list)

    def rows(self) -> Rows:
        return fold(Rows(), self.received)

    def dossier(self, kind: Any, township: str, on: date, /, **data: Any) -> Self:
        site = {"township": township, "township_name": f"{township}镇", "office": "x"}
        return self._add("dossier", f"{P}/{township}", on, kind, site | data)

    def case(self, kind: Any, township: str, round: int, on: date, /, **data: Any) -> Self:
        subject = f"{P}/{township}/{round}"
        site = {
            "township": township,
            "township_name": f"{township}镇",
            "office": "x",
            "case_id": subject,
            "application_id": f"A{round}",
            "round": round,
        }
        return self._add("case", subject, on, kind, site | data)

    def _programme(self, kind: Any, on: date, /, **data: Any) -> Self:
        return self._add("programme", P, on, kind, data)

    def _add(self, context: str, subject: str, on: date, kind: Any, data: Any) -> Self:
        event: Event = kind(programme=P, effective_on=on, **data)
        stream = [one for one in self.received if one.record.subject == subject]
        version = sum(one.record.context == context for one in stream) + 1
        bytes_ = encode(event)
        recorded_at = datetime(2018, 2, 5, tzinfo=UTC) + timedelta(seconds=len(self.received))
        id_ = uuid5(NAMESPACE_URL, f"{context}/{subject}@{version}")
        record = Record(
            position=len(self.received) + 1,
            context=context,
            subject=subject,
            version=version,
            id=id_,
            type=type_of(event),
            effective_on=on,
            effective_at=noon(on),
            recorded_at=recorded_at,
            actor="x:o1",
            on_behalf_of=None,
            correlation=id_,
            causation=id_,
            command=sha256(bytes_).digest(),
            traceparent=None,
            data=bytes_,
            salt=b"",
            leaf=b"",
        )
        self.received.append(Received(record, event))
        return self
