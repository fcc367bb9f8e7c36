"""What a case refuses over HTTP, by the stage at which it is asked."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from tests.integration.review import (
    CITY,
    DEFINITION,
    DISTRICT,
    FIRST,
    PROGRAMME,
    SECOND,
)
from tests.integration.review_steps import (
    CATEGORIES,
    LETTER,
    award,
    case,
    team,
)

AT, OTHER = case(FIRST), case(SECOND)
PLAQUE = "枣安标〔2018〕1号"
TITLE = f"/v1/titles/{quote(PLAQUE, safe='')}"
WHY = [{"code": "weak", "text": "台账不实"}]
ONE_REWARD = {"fund": "city", "basis": "on-time", "amount_fen": 5_000_000}
BY_RANK = {"fund": "district", "basis": "rank", "amount_fen": 2_000_000, "rank": 3, "of": 10}
BEYOND_RULES = {"fund": "city", "basis": "rank", "amount_fen": 100, "rank": 1, "of": 10}
ITEMS: list[dict[str, Any]] = DEFINITION["standard"]["items"]
MAYBE = next(one["code"] for one in ITEMS if one.get("na_allowed"))


@dataclass(frozen=True)
class Attempt:
    """A request that is refused, and with which code; `{visit}` in its path is a made one."""

    code: str
    path: str
    body: Mapping[str, Any]
    officer: str = "liu"
    role: str = "leader"
    organisation: str = DISTRICT
    version: int | None = None
    get: bool = False


def by_officer(code: str, path: str, /, **body: Any) -> Attempt:
    return Attempt(code, path, body, "o1", "officer")


def by_member(code: str, path: str, who: str = "chen", /, **body: Any) -> Attempt:
    return Attempt(code, path, body, who, "member")


def by_city(code: str, path: str, /, **body: Any) -> Attempt:
    return Attempt(code, path, body, "sun", "city", CITY)


def by_leader(code: str, path: str, /, **body: Any) -> Attempt:
    return Attempt(code, path, body)


def seats(*categories: str, leaders: int = 1, **officers: str) -> dict[str, Any]:
    names = officers or {"chen": "leader", "li": "member", "wang": "member"}
    return {
        "members": [
            {
                "officer": officer,
                "role": "leader" if place < leaders else "member",
                "categories": list(categories or CATEGORIES),
            }
            for place, officer in enumerate(names)
        ]
    }


def marks(*left_out: str, not_applicable: str | None = None) -> list[dict[str, Any]]:
    return [
        {"item": one["code"], "mark_cp": 0, "applicable": False}
        if one["code"] == not_applicable
        else {"item": one["code"], "mark_cp": one["max_cp"]}
        for one in ITEMS
        if one["category"] not in left_out and one["code"] not in left_out
    ]


def visit(start: int = 9, **more: Any) -> dict[str, Any]:
    return {
        "starts_at": f"2018-09-10T{start:02}:00:00+08:00",
        "ends_at": "2018-09-10T10:00:00+08:00",
        "place": "安监办",
    } | more


def decided(code: str, way: str, *, officer: str = "liu", **more: Any) -> Attempt:
    return Attempt(code, f"{AT}/decision", {"decision": way} | more, officer, version=-1)


def by_city_decided(code: str, way: str, /, **more: Any) -> Attempt:
    at, body = f"{AT}/city-decision", {"decision": way} | more
    return Attempt(code, at, body, "sun", "city", CITY, version=-1)


def claim(item: str, *, allowed: bool) -> dict[str, Any]:
    return {"item": item, "allowed": allowed, "reason": "有此类企业"}


def corrected(code: str, /, **changes: Any) -> Attempt:
    usual = {"field": "plaque_number", "was": PLAQUE, "is": "7", "reason": "印错"}
    return by_leader(code, f"{TITLE}/correction", **(usual | changes))


OPENED = [
    by_officer("case-unknown", f"{case('370406999')}/team", **team()),
    Attempt("unknown-programme", "/v1/cases/nowhere/370406001/1/team", team(), "o1", "officer"),
    by_officer("team-too-small", f"{AT}/team", **seats(chen="", li="")),
    by_officer("leaders-not-one", f"{AT}/team", **seats(leaders=2)),
    by_officer("officer-unknown", f"{AT}/team", **seats(chen="", li="", nobody="")),
    by_officer("own-office-reviewer", f"{AT}/team", **seats(chen="", li="", zhao="")),
    by_officer(
        "officer-recused", f"{AT}/team", **seats(), recused=[{"officer": "li", "reason": "亲属"}]
    ),
    by_officer("unknown-category", f"{AT}/team", **seats("XX")),
    by_officer("categories-not-covered", f"{AT}/team", **seats("JG")),
    by_officer("duplicate-code", f"{AT}/team", members=[*seats()["members"], *seats()["members"]]),
    by_officer(
        "effective-day-too-early",
        f"{AT}/team",
        **seats(),
        effective_on="2018-09-02",
        backdated_reason="补录",
    ),
    Attempt("role-not-allowed", f"{AT}/team", team()),
    Attempt("other-organisation", f"{AT}/team", team(), "x", "officer", "370402-safety"),
    decided("consensus-missing", "pass"),
    by_officer("unknown-gate", f"{AT}/vetoes", gate="g", occurred_on="2018-09-01", reason="x"),
    by_officer(
        "occurred-later",
        f"{AT}/vetoes",
        gate="fatal-accident",
        occurred_on="2018-12-01",
        reason="x",
    ),
    Attempt("no-previous-review", f"{AT}/changes", {}, get=True),
    by_leader("title-missing", f"{AT}/rewards", **ONE_REWARD),
    Attempt("if-match-required", f"{AT}/decision", {"decision": "pass"}),
]
APPOINTED = [
    by_city("wrong-stage", f"{AT}/inspections", **visit(level="city")),
    by_member("not-team-leader", f"{AT}/inspections", "li", **visit()),
    by_member("hours-reversed", f"{AT}/inspections", **visit(11)),
    by_member("inspection-unknown", f"{AT}/inspections", **visit(replaces="none")),
    by_member("unknown-item", f"{AT}/inspections", **visit(items=["XX-1"])),
    by_member("inspection-unknown", f"{AT}/inspections/none/record", present=["chen"]),
    by_member("document-missing", f"{AT}/inspections/{{visit}}/record", present=["chen"]),
    by_member("inspection-not-held", f"{AT}/marks", marks=marks()),
    by_officer("replacement-missing", f"{AT}/recusals", reason_code="kin", officer="li"),
]
HELD = [
    by_member(
        "inspection-held", f"{AT}/inspections/{{visit}}/record", present=["chen"], document=LETTER
    ),
    by_member("not-on-team", f"{AT}/marks", "x", marks=marks()),
    by_member("missing-items", f"{AT}/marks", marks=marks("JG-1")),
    by_member("mark-over-maximum", f"{AT}/marks", marks=[{"item": "JG-1", "mark_cp": 4001}]),
    by_member("category-not-yours", f"{AT}/marks", "wang", marks=marks()),
    by_member("markers-missing", f"{AT}/consensus", marks=marks()),
    Attempt("own-marks-missing", f"{AT}/differences", {}, "chen", "member", get=True),
]
MARKED = [
    by_member("not-team-leader", f"{AT}/consensus", "li", marks=marks()),
    by_member("claims-undecided", f"{AT}/consensus", marks=marks(not_applicable=MAYBE)),
    by_member(
        "claim-not-made",
        f"{AT}/consensus",
        marks=marks(),
        na_decisions=[claim(MAYBE, allowed=False)],
    ),
    by_member(
        "claim-decided-otherwise",
        f"{AT}/consensus",
        marks=marks(not_applicable=MAYBE),
        na_decisions=[claim(MAYBE, allowed=False)],
    ),
    by_member("unknown-fact", f"{AT}/consensus", marks=marks(), facts=["flood"]),
]
AGREED = [
    decided("decider-marked", "pass", officer="li"),
    decided("reasons-missing", "fail"),
    decided("reasons-missing", "return"),
    decided("unknown-item", "return", items=[{"item": "XX-1", "reason": "x"}]),
    Attempt("version-mismatch", f"{AT}/decision", {"decision": "pass"}, version=1),
]
PASSED = [
    by_leader("cases-missing", f"{PROGRAMME}/recommendations", cases=[], document=LETTER),
    by_leader("case-unknown", f"{PROGRAMME}/recommendations", cases=["other/1/1"], document=LETTER),
    by_leader(
        "wrong-stage",
        f"{PROGRAMME}/recommendations",
        cases=[f"shanting-2018/{SECOND}/1"],
        document=LETTER,
    ),
    Attempt(
        "recommendation-unknown", f"{PROGRAMME}/recommendations/none", {}, "o1", "officer", get=True
    ),
]
RECOMMENDED = [
    by_city("reasons-missing", f"{AT}/recommendation-return", reasons=[]),
    by_city(
        "days-reversed", f"{AT}/recommendation-return", reasons=WHY, resubmit_by_on="2018-01-01"
    ),
    by_city(
        "inspected-outside",
        f"{AT}/city-marks",
        granularity="total",
        total_cp=1,
        inspected_on="2018-09-01",
    ),
    by_city("total-missing", f"{AT}/city-marks", granularity="total", inspected_on="2018-09-20"),
    by_city(
        "missing-categories", f"{AT}/city-marks", granularity="category", inspected_on="2018-09-20"
    ),
    by_city(
        "total-over-maximum",
        f"{AT}/city-marks",
        granularity="total",
        total_cp=100_001,
        inspected_on="2018-09-20",
    ),
]
COMPLIANT = [
    by_city_decided("demonstration-not-reached", "pass", title="demonstration"),
]
SHORT = [by_city_decided("short-of-pass-mark", "pass")]
VERIFIED = [
    by_city("title-beyond-verdict", f"{PROGRAMME}/awards", **award(FIRST, "1"), effective_on=None),
    by_city(
        "days-reversed", f"{PROGRAMME}/awards", **award(FIRST, "1"), valid_until_on="2018-01-01"
    ),
]
AWARDED = [
    by_leader("amount-not-positive", f"{AT}/rewards", **(ONE_REWARD | {"amount_fen": 0})),
    by_leader("amount-differs-from-rules", f"{AT}/rewards", **(BY_RANK | {"amount_fen": 1})),
    by_leader("rank-missing", f"{AT}/rewards", **(ONE_REWARD | {"basis": "rank"})),
    by_leader("rank-not-rewarded", f"{AT}/rewards", **(BY_RANK | {"rank": 4})),
    by_leader("reward-unknown", f"{AT}/rewards/none/payment", amount_fen=1),
    by_leader("reward-granted", f"{AT}/rewards", **ONE_REWARD),
    by_leader("payment-over-grant", f"{AT}/rewards/{{reward}}/payment", amount_fen=5_000_001),
    by_leader("reward-paid", f"{AT}/rewards/{{paid}}/cancellation", reason="x"),
    by_leader("reward-cancelled", f"{AT}/rewards/{{gone}}/payment", amount_fen=1),
    by_leader("plaque-unknown", "/v1/titles/none/revocation", code="x", reason="x"),
    corrected("present-value-differs", was="8"),
    corrected("correction-of-another", corrects="0190a0b0-0000-7000-8000-000000000000"),
    corrected("title-beyond-verdict", field="title", was="compliant", **{"is": "demonstration"}),
    by_city(
        "plaque-in-use",
        f"{PROGRAMME}/awards",
        titles=[*award(FIRST, "9")["titles"], *award(SECOND, "９")["titles"]],
    ),
]
CLOSED = [
    by_officer("case-closed", f"{AT}/team", **team()),
    corrected("title-revoked"),
]
STAGES: Mapping[str, list[Attempt]] = {
    "opened": OPENED,
    "appointed": APPOINTED,
    "held": HELD,
    "marked": MARKED,
    "agreed": AGREED,
    "passed": PASSED,
    "recommended": RECOMMENDED,
    "short": SHORT,
    "compliant": COMPLIANT,
    "verified": VERIFIED,
    "awarded": AWARDED,
    "closed": CLOSED,
}
