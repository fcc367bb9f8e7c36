"""What an office asks for and does, told to model and service alike."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from tests.stateful import asking, table
from tests.stateful.dossier import Application, Asking, Dossier, Gap, Plan
from tests.stateful.driver import REVIEW, SUBMISSION
from tests.stateful.play import Play
from tests.stateful.sent import PAPER, sent_batch
from tests.stateful.table import Given
from tests.stateful.world import Batch, By

Consent = tuple[str, bool, date]


def place(play: Play, dossier: Dossier, path: str) -> tuple[str, str, tuple[str, str]]:
    """Where an act in a dossier goes."""
    code = f"{play.world.code}/{dossier.township.code}"
    return SUBMISSION, f"/v1/dossiers/{code}/{path}", ("dossier", code)


def marks(given: Given) -> list[dict[str, Any]]:
    return [
        {"item": code, "mark_cp": mark or 0, "applicable": mark is not None}
        for code, mark in given.items()
    ]


def file(
    play: Play, by: By, dossier: Dossier, plan: Plan, revising: bool, consent: Consent | None = None
) -> None:
    body: dict[str, Any] = {
        "target": plan.target,
        "batch": plan.batch,
        "reach_on": plan.reach_on.isoformat(),
    }
    if revising:
        body["reason"] = "情况有变"
    if consent:
        organisation, numbered, issued_on = consent
        paper = {**PAPER, "issued_on": issued_on.isoformat()}
        if not numbered:
            del paper["number"]
        body["consent"] = {"organisation": organisation, "officer": "o1", "document": paper}
    why = dossier.file(by, plan, revising, consent)
    play.tell("revise" if revising else "file", why, place(play, dossier, "plans"), by, body)


def assess(
    play: Play,
    by: By,
    dossier: Dossier,
    kind: str,
    given: Given,
    facts: Sequence[str] = (),
    version: int | None = None,
) -> None:
    body: dict[str, Any] = {"kind": kind, "marks": marks(given), "facts": list(facts)}
    if version is not None:
        body["standard_version"] = version
    why = dossier.assess(by, kind, given, facts, version)
    play.tell("assess", why, place(play, dossier, "self-assessments"), by, body)


def find(play: Play, by: By, dossier: Dossier, items: Sequence[str], blocking: bool) -> None:
    body = {
        "deficiencies": [
            {"item": one, "description": "未达标", "blocking": blocking} for one in items
        ]
    }
    why = dossier.find(by, items, blocking)
    play.tell("find", why, place(play, dossier, "deficiencies"), by, body)


def gap_path(gap: Gap | None, act: str) -> str:
    return f"deficiencies/{gap.name if gap else 'nowhere'}/{act}"


def remedy(
    play: Play, by: By, dossier: Dossier, gap: Gap | None, due_on: date, gain_cp: int
) -> None:
    body = {
        "measure": "整改",
        "responsible_post": "主任",
        "due_on": due_on.isoformat(),
        "expected_gain_cp": gain_cp,
    }
    where = place(play, dossier, gap_path(gap, "rectification-plans"))
    play.tell("remedy", dossier.remedy(by, gap, due_on, gain_cp), where, by, body)


def mend(play: Play, by: By, dossier: Dossier, gap: Gap | None, act: str) -> None:
    body = {"result": "已整改"} if act == "completion" else {"reason": "更正"}
    where = place(play, dossier, gap_path(gap, act))
    play.tell(act, dossier.mend(by, gap, act), where, by, body)


def ask(play: Play, by: By, dossier: Dossier, amount_fen: int, needed_on: date) -> None:
    body = {
        "kind": "money",
        "title": "经费",
        "amount_fen": amount_fen,
        "asked_of": dossier.township.government,
        "needed_on": needed_on.isoformat(),
    }
    why = asking.ask(dossier, by, amount_fen, needed_on)
    answer = play.tell("ask", why, place(play, dossier, "funding-requests"), by, body)
    if answer:
        dossier.askings[-1].name = answer["funding_id"]


def answer(
    play: Play,
    by: By,
    dossier: Dossier,
    asked: Asking | None,
    decision: str,
    granted_fen: int | None,
    decided_on: date,
    reason: str | None,
) -> None:
    body = {
        "decision": decision,
        "granted_fen": granted_fen,
        "decided_on": decided_on.isoformat(),
        "reason": reason,
    }
    why = asking.decide(dossier, by, asked, decision, granted_fen, decided_on, reason)
    path = f"funding-requests/{asked.name if asked else 'nowhere'}/decision"
    play.tell("answer", why, place(play, dossier, path), by, body)


def apply(
    play: Play, by: By, dossier: Dossier, batch: str | None, facts: Sequence[str] = ()
) -> None:
    why = asking.apply(dossier, by, batch, facts)
    body = {"batch": batch, "facts": list(facts)}
    told = play.tell("apply", why, place(play, dossier, "applications"), by, body)
    if told:
        dossier.applications[-1].name = told["application_id"]


def withdraw(
    play: Play, by: By, dossier: Dossier, application: Application | None, reason: str
) -> None:
    path = f"applications/{application.name if application else 'nowhere'}/withdrawal"
    why = dossier.withdraw(by, application, reason)
    play.tell("withdraw", why, place(play, dossier, path), by, {"reason": reason})


def learn(play: Play, dossier: Dossier) -> None:
    """The names of the gaps that the model knows, and all that can be read of the dossier."""
    by = By("c1", "clerk", dossier.township.office, play.world.today)
    path = place(play, dossier, "")[1].removesuffix("/")
    found = play.services.send(SUBMISSION, path, by)
    assert found.status_code == 200, found.text
    seen = found.json()
    assert seen["version"] == len(dossier.stream)
    assert found.headers["ETag"] == f'"{len(dossier.stream)}"'
    gaps = seen["deficiencies"]
    shown = [(one["found"]["item"], one["status"], one["found"]["gap_cp"],
              one["found"]["blocking"], one["found"]["found_by"]) for one in gaps]  # fmt: skip
    known = [(one.item, one.status, one.gap_cp, one.blocking, one.found_by) for one in dossier.gaps]
    assert shown == known
    for gap, one in zip(dossier.gaps, gaps, strict=True):
        gap.name = one["deficiency_id"]
    plan = seen["plan"] and (seen["plan"]["target"], seen["plan"]["batch"])
    assert plan == (dossier.plan and (dossier.plan.target, dossier.plan.batch))
    assert seen["set_back_on"] == (dossier.set_back_on and dossier.set_back_on.isoformat())
    outcomes = [one["closed"] and one["closed"]["outcome"] for one in seen["applications"]]
    assert outcomes == [one.outcome for one in dossier.applications]
    answers = [one["decided"] and one["decided"]["decision"] for one in seen["funding"]]
    assert answers == [one.answer and one.answer[0] for one in dossier.askings]
    if dossier.assessments:
        last = dossier.assessments[-1]
        same_sum(seen["assessment"]["totals"],
                 table.add_up(table.version(last.version), last.given, last.facts))  # fmt: skip


def same_sum(totals: dict[str, Any], own: table.Sum) -> None:
    """The service's totals are the model's."""
    found = table.Sum(
        totals["total_cp"],
        totals["grade"],
        frozenset(totals["vetoes"]),
        frozenset(totals["failed_gates"]),
    )
    assert found == own, f"{found} where the model has {own}"


def programme_place(play: Play, path: str) -> tuple[str, str, tuple[str, str]]:
    code = play.world.code
    return REVIEW, f"/v1/programmes/{code}/{path}", ("programme", code)


def publish(play: Play, by: By, number: int, in_force_on: date) -> None:
    body = {**table.sent(number), "in_force_on": in_force_on.isoformat()}
    why = play.world.publish(by, number, in_force_on)
    play.tell("publish", why, programme_place(play, "standards"), by, body)


def announce(play: Play, by: By, code: str, batch: Batch) -> None:
    why = play.world.announce(by, code, batch)
    play.tell("announce", why, programme_place(play, "batches"), by, sent_batch(code, batch))


def move_phase(play: Play, by: By, from_on: date, to_on: date) -> None:
    body = {"from_on": from_on.isoformat(), "to_on": to_on.isoformat(), "reason": "延期"}
    where = programme_place(play, "phases/apply/reschedulings")
    play.tell("move-phase", play.world.move_phase(by, from_on, to_on), where, by, body)


def move_target(play: Play, by: By, code: str, due_on: date) -> None:
    where = programme_place(play, f"targets/{code}/reschedulings")
    body = {"due_on": due_on.isoformat(), "reason": "延期"}
    play.tell("move-target", play.world.move_target(by, code, due_on), where, by, body)
