"""What an auditor looks for in the journal: told late, done late, put right, done for others."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from services.projection.follower import Entry
from services.projection.happenings import happening_json
from services.projection.models.timeline import happening, township_of
from shared.clock import civil_day
from shared.contracts.case import CityMarksRecorded, TitleCorrected
from shared.contracts.dossier import DeficiencyReopened, DeficiencyWithdrawn
from shared.contracts.registry import Event
from shared.events.envelope import Record
from shared.messaging.reactions import Received
from shared.workbook.tables import Value

Kind = Literal["back-dated", "late", "corrected", "on-behalf"]

LABELS: Mapping[Kind, tuple[str, str]] = {
    "back-dated": ("补录", "recorded on a later day than it happened"),
    "late": ("逾期办理", "done after its due day"),
    "corrected": ("更正", "puts an earlier record right, or takes its place"),
    "on-behalf": ("代录", "recorded for another organisation"),
}
COLUMNS = (
    "事件 Event",
    "名称 What",
    "镇街 Township",
    "情形 Listed for",
    "发生日期 Happened",
    "录入日期 Recorded",
    "补录原因 Reason",
    "逾期工作日 Late",
    "更正对象 Corrects",
    "代录单位 On behalf of",
    "经办 Actor",
)
# What an event names of an earlier one that it puts right or takes the place of.
_NAMING = ("corrects", "supersedes", "replaces", "replaces_title", "replaces_digest")
_CORRECTING = (TitleCorrected, DeficiencyWithdrawn, DeficiencyReopened)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One event and why it is listed; `reason` is what its author gave for back-dating it."""

    received: Received
    kinds: tuple[Kind, ...]
    recorded_on: date
    reason: str | None
    late_wd: int
    corrects: Mapping[str, str | int]
    on_behalf_of: str | None

    @property
    def township(self) -> str | None:
        return township_of(self.received)


def finding(one: Entry) -> Finding | None:
    """Why an entry of the journal is listed; None for one that is not, or not known here."""
    _, record, event = one
    if event is None:
        return None
    recorded_on = civil_day(record.recorded_at)
    late_wd: int = getattr(event, "late_wd", 0)
    corrects = {name: value for name in _NAMING if (value := getattr(event, name, None))}
    on_behalf_of = _on_behalf_of(record, event)
    found: dict[Kind, bool] = {
        "back-dated": recorded_on > record.effective_on,
        "late": late_wd > 0,
        "corrected": bool(corrects) or isinstance(event, _CORRECTING),
        "on-behalf": on_behalf_of is not None,
    }
    kinds = tuple(kind for kind, so in found.items() if so)
    if not kinds:
        return None
    return Finding(
        received=Received(record, event),
        kinds=kinds,
        recorded_on=recorded_on,
        reason=getattr(event, "backdated_reason", None),
        late_wd=late_wd,
        corrects=corrects,
        on_behalf_of=on_behalf_of,
    )


def finding_json(one: Finding) -> dict[str, Any]:
    """A line of the audit list: the row of the timeline, and what is remarkable about it."""
    record = one.received.record
    return {
        **happening_json(happening(one.received)),
        "township": one.township,
        "kinds": [
            {"code": kind, "zh": LABELS[kind][0], "en": LABELS[kind][1]} for kind in one.kinds
        ],
        "recorded_on": one.recorded_on,
        "days_later": (one.recorded_on - record.effective_on).days,
        "backdated_reason": one.reason,
        "late_wd": one.late_wd,
        "corrects": one.corrects,
        "on_behalf_of": one.on_behalf_of,
        # What follows by itself takes the day of its cause, and so is as late as that was told.
        "caused_by": str(record.causation) if record.causation != record.correlation else None,
        "href": f"/v1/events/{record.id}",
    }


def finding_row(one: Finding) -> tuple[Value, ...]:
    """The same line for a spreadsheet."""
    shown = happening_json(happening(one.received))
    return (
        shown["event"],
        shown["zh"],
        one.township,
        "、".join(LABELS[kind][0] for kind in one.kinds),
        one.received.record.effective_on,
        one.recorded_on,
        one.reason,
        one.late_wd or None,
        ", ".join(str(value) for value in one.corrects.values()),
        one.on_behalf_of,
        one.received.record.actor,
    )


def _on_behalf_of(record: Record, event: Event) -> str | None:
    if record.on_behalf_of:
        return record.on_behalf_of
    return event.on_behalf_of if isinstance(event, CityMarksRecorded) else None
