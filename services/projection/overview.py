"""The one JSON of the first view: a programme at the end of a day, in plain values."""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from typing import Any

from services.projection.late import Late, late
from services.projection.picture import Picture, Township
from services.projection.reasons import label_en, label_zh, reason_en, reason_zh
from services.projection.sentence import sentence_en, sentence_zh, status
from services.projection.stage import ORDER, Stage
from services.projection.targets import Member, TargetStanding
from services.projection.words import STAGES, short_en, short_zh, step_words

Json = dict[str, Any]


def overview(picture: Picture, *, today: date, position: int) -> Json:
    """`position` is that of the journal; `today` the last day anybody can ask about."""
    slow = late(picture)
    programme = picture.programme
    standard = programme.standards[-1] if programme.standards else None
    return {
        "programme": programme_json(picture),
        "as_of": picture.on,
        "today": today,
        "position": position,
        "recorded_at": picture.recorded_at,
        **_calendar(picture),
        "out_of_cp": standard.total_cp if standard else None,
        "pass_cp": standard.pass_cp if standard else None,
        "sentence": [
            {
                "target": one.target.code,
                "status": status(one),
                "zh": sentence_zh(picture, one),
                "en": sentence_en(picture, one),
            }
            for one in picture.targets
        ],
        "targets": [target_json(picture, one) for one in picture.targets],
        "late": [_late_json(one) for one in slow],
        "stages": _stages(picture),
        "townships": townships_json(picture, slow),
        "rules": {
            "risk_version": picture.risk.version,
            "calendar": [
                {"year": year, "provisional": provisional}
                for year, provisional in sorted(
                    {
                        line.event.year: line.event.provisional for line in programme.calendars
                    }.items()
                )
            ],
        },
    }


def programme_json(picture: Picture) -> Json:
    """What the programme is called, and by which standard it judges."""
    programme = picture.programme
    opened = programme.opened[-1] if programme.opened else None
    standard = programme.standards[-1] if programme.standards else None
    return {
        "code": programme.programme,
        "name_zh": opened.name_zh if opened else None,
        "name_en": opened.name_en if opened else None,
        "district": _body(picture, opened.district.organisation) if opened else None,
        "illustrative": standard.illustrative if standard else False,
        "standard": (
            {
                "code": standard.code,
                "version": standard.number,
                "title": standard.title,
                "categories": [
                    {"code": code, "name": name, "max_cp": standard.maximums_cp[code]}
                    for code, name in standard.categories.items()
                ],
            }
            if standard
            else None
        ),
    }


def _body(picture: Picture, organisation: str) -> Json:
    """As it was called on the day of the picture, or who had taken its place by then."""
    body = picture.programme.body(organisation, picture.on)
    return {"organisation": body.organisation, "name": body.name}


def target_json(picture: Picture, standing: TargetStanding) -> Json:
    """A target with its members, its steps so far and those expected."""
    target = standing.target
    return {
        "code": target.code,
        "name_zh": f"{short_zh(target)} {target.due_on.year}",
        "name_en": f"{short_en(target)} {target.due_on.year}",
        "title_zh": target.name,
        "strength": target.strength,
        "achieved_by": target.achieved_by,
        "due_on": target.due_on,
        "freeze_on": target.frozen_on,
        "members": len(standing.members),
        "members_at_freeze": len(standing.members_at_freeze),
        "achieved": standing.count("achieved"),
        "achieved_late": standing.count("achieved-late"),
        "on_track": standing.count("on-track"),
        "at_risk": standing.count("at-risk"),
        "missed": standing.count("missed"),
        "expected": standing.expected(),
        "burnup": _burnup(picture, standing),
        "forecast": _forecast(picture, standing),
        "rows": [_row(picture, member) for member in standing.members],
    }


def townships_json(picture: Picture, slow: Sequence[Late]) -> list[Json]:
    """Every township that ever joined: the furthest first, then by division code."""
    order = sorted(picture.townships, key=lambda one: (-_rank(one.stage), one.code))
    return [township_json(picture, one, slow) for one in order]


def township_json(picture: Picture, one: Township, slow: Sequence[Late]) -> Json:
    """One line of the board."""
    latest = one.latest
    return {
        "township": one.code,
        "name": one.name,
        "kind": one.kind,
        "office": one.office.organisation,
        "office_name": one.office.name,
        "batch": {"code": one.batch.code, "name": one.batch.name} if one.batch else None,
        "stage": one.stage.value,
        "since_on": one.since_on,
        "in_stage_wd": one.in_stage_wd,
        "days_left_wd": one.forecast.left_wd if one.forecast else None,
        "expected_on": one.forecast.expected_on if one.forecast else None,
        "spare_wd": one.forecast.spare_wd if one.forecast else None,
        "passed_on": one.passed_on,
        "title": one.title,
        "late_kinds": [line.kind for line in slow if line.township.code == one.code],
        "stuck": _STUCK if one.stuck else None,
        "vetoes": [
            {"gate": step.gate, "on": step.on, "zh": "一票否决", "en": "vetoed"}
            for step in one.vetoes
        ],
        "latest": (
            {
                "source": latest.source,
                "total_cp": latest.total_cp,
                "on": latest.on,
                "complete": latest.complete,
            }
            if latest
            else None
        ),
        "margin_cp": (
            latest.total_cp - latest.pass_cp if latest and latest.pass_cp is not None else None
        ),
        "lost_cp": dict(latest.lost_cp) if latest and latest.lost_cp else None,
        "round": one.round,
    }


_STUCK = {
    "code": "no-case",
    "zh": "申报已提交，还没有立案答复",
    "en": "applied; no case has answered yet",
}


def _calendar(picture: Picture) -> Json:
    opened = picture.programme.opened[-1] if picture.programme.opened else None
    phases = picture.programme.phases()
    return {
        "phases": [
            {
                "code": phase.code,
                "name_zh": phase.name,
                "name_en": phase.code.replace("-", " ").capitalize(),
                "from_on": phase.from_on or (opened.on if opened else None),
                "to_on": phase.to_on,
            }
            for phase in phases
        ],
        "begins_on": opened.on if opened else None,
        "ends_on": max((phase.to_on for phase in phases), default=None),
    }


def _stages(picture: Picture) -> list[Json]:
    counts = Counter(one.stage for one in picture.townships)
    off_the_way = (Stage.REVOKED, Stage.LEFT)
    return [
        {
            "code": stage.value,
            "zh": STAGES[stage][0],
            "en": STAGES[stage][1],
            "group": STAGES[stage][2],
            "count": counts[stage],
        }
        for stage in ORDER
        if counts[stage] or stage not in off_the_way
    ]


def _burnup(picture: Picture, standing: TargetStanding) -> list[Json]:
    """Cumulative, a step for every day on which somebody passed."""
    by_day: dict[date, list[str]] = {}
    for member in standing.members:
        if member.achieved_on is not None:
            by_day.setdefault(member.achieved_on, []).append(_name(picture, member.township))
    steps, count = [], 0
    for day, names in sorted(by_day.items()):
        count += len(names)
        late_ = day > standing.target.due_on
        steps.append({"on": day, "count": count, "townships": names, "late": late_})
    return steps


def _forecast(picture: Picture, standing: TargetStanding) -> list[Json]:
    """Cumulative, going on from those that are through."""
    through = sum(member.achieved_on is not None for member in standing.members)
    return [
        {
            "on": one.forecast.expected_on,
            "count": through + index,
            "township": one.township,
            "name": _name(picture, one.township),
            "late_wd": max(0, -one.forecast.spare_wd),
        }
        for index, one in enumerate(standing.ahead(), 1)
    ]


def _row(picture: Picture, member: Member) -> Json:
    ahead = member.forecast
    return {
        "township": member.township,
        "name": _name(picture, member.township),
        "state": member.state,
        "achieved_on": member.achieved_on,
        "expected_on": ahead.expected_on if ahead else None,
        "spare_wd": ahead.spare_wd if ahead else None,
        "needed_wd": ahead.needed_wd if ahead else None,
        "left_wd": ahead.left_wd if ahead else None,
        "step": step_words(ahead.step) if ahead else None,
        "parts": [
            {
                **step_words(part.step),
                "expected_wd": part.expected_wd,
                "source": part.source,
                "until_on": part.until_on,
            }
            for part in (ahead.parts if ahead else ())
        ],
    }


def _late_json(one: Late) -> Json:
    return {
        "township": one.township.code,
        "name": one.township.name,
        "kind": one.kind,
        "label_zh": label_zh(one),
        "label_en": label_en(one),
        "zh": reason_zh(one),
        "en": reason_en(one),
        "severity": one.severity,
        "due_on": one.due_on,
        "late_wd": one.late_wd,
        "target": one.target.code if one.target else None,
    }


def _name(picture: Picture, code: str) -> str:
    township = picture.township(code)
    return township.name if township else code


def _rank(stage: Stage) -> int:
    """Off the way comes last."""
    return -1 if stage in (Stage.REVOKED, Stage.LEFT) else ORDER.index(stage)
