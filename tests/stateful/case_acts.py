"""What team, district and city do about a case, told to model and service alike."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from urllib.parse import quote

from shared.clock import SHANGHAI
from tests.stateful import titles, verdicts
from tests.stateful.case import Case, Reward, Seat
from tests.stateful.driver import REVIEW
from tests.stateful.office_acts import marks, programme_place, same_sum
from tests.stateful.play import Play
from tests.stateful.sent import PAPER
from tests.stateful.table import Given
from tests.stateful.world import DISTRICT, By


def place(play: Play, case: Case, path: str) -> tuple[str, str, tuple[str, str]]:
    """Where an act in a case goes."""
    code = play.case_id(case)
    return REVIEW, f"/v1/cases/{code}/{path}".removesuffix("/"), ("case", code)


def appoint(play: Play, by: By, case: Case, seats: Sequence[Seat], min_markers: int = 1) -> None:
    body = {
        "members": [
            {
                "officer": one.officer,
                "role": "leader" if one.leads else "member",
                "categories": list(one.categories),
            }
            for one in seats
        ],
        "min_markers": min_markers,
    }
    why = case.appoint(by, seats, min_markers)
    play.tell("appoint", why, place(play, case, "team"), by, body)


def step_down(play: Play, by: By, case: Case) -> None:
    body = {"reason_code": "kin"}
    play.tell("recuse", case.step_down(by), place(play, case, "recusals"), by, body)


def replace(play: Play, by: By, case: Case, leaving: str, follower: str | None) -> None:
    body = {"reason_code": "kin", "officer": leaving, "replaced_by": follower}
    why = case.replace(by, leaving, follower)
    play.tell("replace", why, place(play, case, "recusals"), by, body)


def schedule(
    play: Play,
    by: By,
    case: Case,
    level: str = "district",
    *,
    backwards: bool = False,
    replaces: str | None = None,
) -> None:
    starts_at = datetime.combine(by.on, time(9), SHANGHAI)
    body = {
        "level": level,
        "starts_at": starts_at.isoformat(),
        "ends_at": (starts_at + timedelta(hours=-1 if backwards else 3)).isoformat(),
        "place": "镇街",
        "replaces": replaces,
    }
    why = case.schedule(by, level, backwards=backwards, replaces=replaces)
    answer = play.tell("schedule", why, place(play, case, "inspections"), by, body)
    if answer:
        case.visits[answer["inspection_id"]] = case.visits.pop("")


def hold(play: Play, by: By, case: Case, visit: str, present: Sequence[str]) -> None:
    why = case.hold(by, visit, present)
    where = place(play, case, f"inspections/{visit}/record")
    play.tell("hold", why, where, by, {"present": list(present)})


def mark(play: Play, by: By, case: Case, given: Given) -> None:
    play.tell("mark", case.mark(by, given), place(play, case, "marks"), by, {"marks": marks(given)})


def agree(
    play: Play,
    by: By,
    case: Case,
    given: Given,
    claims: Mapping[str, bool],
    facts: Sequence[str] = (),
) -> None:
    body = {
        "marks": marks(given),
        "na_decisions": [
            {"item": code, "allowed": allowed, "reason": "核实"} for code, allowed in claims.items()
        ],
        "facts": list(facts),
    }
    why = verdicts.agree(case, by, given, claims, facts)
    play.tell("agree", why, place(play, case, "consensus"), by, body)


def veto(play: Play, by: By, case: Case, gate: str, occurred_on: date) -> None:
    body = {"gate": gate, "occurred_on": occurred_on.isoformat(), "reason": "核实"}
    why = case.record_veto(by, gate, occurred_on)
    play.tell("veto", why, place(play, case, "vetoes"), by, body)


def _decision(
    decision: str, title: str | None, items: Sequence[str], reasons: int
) -> dict[str, Any]:
    return {
        "decision": decision,
        "title": title,
        "reasons": [{"code": "points", "text": "分数不足"}] * reasons,
        "items": [{"item": one, "reason": "补充材料"} for one in items],
    }


def decide(
    play: Play,
    by: By,
    case: Case,
    decision: str,
    *,
    title: str | None = None,
    items: Sequence[str] = (),
    reasons: int = 1,
    city: bool = False,
) -> None:
    """The district's decision, or the city's."""
    judge = verdicts.decide_for_city if city else verdicts.decide
    why = judge(case, by, decision, title, items, reasons)
    path = "city-decision" if city else "decision"
    body = _decision(decision, title, items, reasons)
    kind = f"city-{decision}" if city else decision
    play.tell(kind, why, place(play, case, path), by, body, decision=True)


def recommend(play: Play, by: By, cases: Sequence[Case]) -> None:
    names = [play.case_id(one) for one in cases]
    why = verdicts.recommend(cases, by, names)
    first = ("case", names[0]) if names else ("programme", play.world.code)
    where = (*programme_place(play, "recommendations")[:2], first)
    play.tell("recommend", why, where, by, {"cases": names, "document": PAPER})


def send_back(play: Play, by: By, case: Case, reasons: int, answer_by: date | None) -> None:
    body = {
        "reasons": [{"code": "papers", "text": "材料不全"}] * reasons,
        "resubmit_by_on": answer_by and answer_by.isoformat(),
    }
    why = verdicts.send_back(case, by, reasons, answer_by)
    play.tell("send-back", why, place(play, case, "recommendation-return"), by, body)


def mark_for_city(
    play: Play,
    by: By,
    case: Case,
    inspected_on: date,
    *,
    given: Given | None = None,
    categories: Mapping[str, int] | None = None,
    total_cp: int | None = None,
    facts: Sequence[str] = (),
) -> None:
    """As items where they are given, else as categories, else as one total."""
    granularity = "total" if categories is None else "category"
    granularity = granularity if given is None else "item"
    body = {
        "granularity": granularity,
        "marks": marks(given or {}),
        "categories": [
            {"category": code, "mark_cp": at} for code, at in (categories or {}).items()
        ],
        "total_cp": total_cp,
        "facts": list(facts),
        "inspected_on": inspected_on.isoformat(),
    }
    why = verdicts.mark_for_city(
        case, by, granularity, given or {}, categories or {}, total_cp, facts, inspected_on
    )
    play.tell(f"city-marks-{granularity}", why, place(play, case, "city-marks"), by, body)


def award(
    play: Play,
    by: By,
    cases: Sequence[Case],
    given: Sequence[tuple[str, str]],
    until_on: date | None = None,
) -> None:
    names = [play.case_id(one) for one in cases]
    earlier = [play.cases_before(one) for one in cases]
    why = titles.award(cases, by, names, given, until_on, earlier)
    body = {
        "titles": [
            {"case_id": name, "title": title, "plaque_number": number}
            for name, (title, number) in zip(names, given, strict=True)
        ],
        "valid_until_on": until_on and until_on.isoformat(),
    }
    first = ("case", names[0]) if names else ("programme", play.world.code)
    play.tell("award", why, (*programme_place(play, "awards")[:2], first), by, body)


def _title_place(
    play: Play, case: Case | None, number: str, act: str
) -> tuple[str, str, tuple[str, str]]:
    stream = ("case", play.case_id(case)) if case else ("programme", play.world.code)
    return REVIEW, f"/v1/titles/{quote(number, safe='')}/{act}", stream


def correct(
    play: Play,
    by: By,
    case: Case | None,
    number: str,
    field: str,
    was: str | None,
    is_: str | None,
) -> None:
    """`number` is how the plaque is written in the address."""
    body = {"field": field, "was": was, "is": is_, "reason": "笔误"}
    why = titles.correct(case, by, field, was, is_)
    play.tell("correct", why, _title_place(play, case, number, "correction"), by, body)


def revoke(play: Play, by: By, case: Case | None, number: str) -> None:
    body = {"code": "accident", "reason": "发生事故"}
    why = titles.revoke(case, by)
    play.tell("revoke", why, _title_place(play, case, number, "revocation"), by, body)


def grant(
    play: Play, by: By, case: Case, fund: str, basis: str, amount_fen: int, rank: int | None
) -> None:
    body = {"fund": fund, "basis": basis, "amount_fen": amount_fen, "rank": rank, "of": rank and 9}
    why = titles.grant(case, by, fund, basis, amount_fen, rank)
    answer = play.tell("grant", why, place(play, case, "rewards"), by, body)
    if answer:
        case.rewards[-1].name = answer["reward_id"]


def pay(play: Play, by: By, case: Case, reward: Reward | None, amount_fen: int) -> None:
    where = place(play, case, f"rewards/{reward.name if reward else 'nowhere'}/payment")
    why = titles.pay(case, by, reward, amount_fen)
    play.tell("pay", why, where, by, {"amount_fen": amount_fen})


def cancel(play: Play, by: By, case: Case, reward: Reward | None) -> None:
    where = place(play, case, f"rewards/{reward.name if reward else 'nowhere'}/cancellation")
    play.tell("cancel", titles.cancel(case, by, reward), where, by, {"reason": "收回"})


def finish(play: Play, by: By, case: Case) -> None:
    play.tell("close", titles.finish(case, by), place(play, case, "closure"), by, {})


def look(play: Play, case: Case) -> None:
    """All that can be read of a case is as the model has it."""
    by = By("o1", "officer", DISTRICT, play.world.today)
    found = play.services.send(REVIEW, place(play, case, "")[1], by)
    if case.stage in ("none", "rejected"):
        assert found.json()["code"] == "case-unknown", found.text
        return
    seen = found.json()
    assert (seen["version"], seen["stage"]) == (len(case.stream), case.stage)
    assert set(seen["members"]) == case.seats.keys()
    assert {one["gate"] for one in seen["vetoes"]} == case.vetoes
    if case.agreed:
        same_sum(seen["consensus"]["totals"], case.agreed)
        for one in seen["consensus"]["marks"]:
            low_cp, high_cp = case.spread.get(one["item"], (one["mark_cp"],) * 2)
            assert (one["low_cp"], one["high_cp"]) == (low_cp, high_cp), one
    else:
        assert seen["consensus"] is None
    if case.city:
        same_sum(seen["city_marks"]["totals"], case.city)
    assert (seen["closed"] and seen["closed"]["outcome"]) == case.outcome
    title = seen["title"]
    assert (title is None) == (case.title is None)
    if case.title:
        shown = (title["title"], title["plaque_number"], title["plaques"], bool(title["revoked"]))
        own = case.title
        assert shown == (own.title, own.number, own.borne, own.revoked_on is not None)
    rewards = [(one["paid_fen"], bool(one["cancelled"])) for one in seen["rewards"]]
    assert rewards == [(one.paid_fen, one.cancelled) for one in case.rewards]
