"""What both sides show at any moment and at the end: `allowed`, and the whole of the record."""

from tests.stateful import asking, case_acts, office_acts, titles, verdicts
from tests.stateful.case import Case
from tests.stateful.dossier import Dossier
from tests.stateful.driver import REVIEW, SUBMISSION
from tests.stateful.play import CHIEF, Play
from tests.stateful.world import CITY, DISTRICT, By

Why = dict[tuple[str, str | None], set[str]]
"""By act, and the part that it is about: what the model has against it."""


def buttons_of_dossier(play: Play, dossier: Dossier) -> None:
    """A button is grey exactly where the act would be refused, and for one of its reasons."""
    office_acts.learn(play, dossier)
    town, today = dossier.township, play.world.today
    path = f"/v1/dossiers/{play.world.code}/{town.code}"
    head = By("h1", "head", town.office, today, dry=True)
    clerk = By("c1", "clerk", town.office, today, dry=True)
    gov = By("g1", "gov", town.government, today, dry=True)
    own: Why = {("applications", None): asking.apply(dossier, head, None, ())}
    if dossier.under_review:
        last = dossier.under_review
        own["withdrawal", last.name] = dossier.withdraw(head, last, "另一原因")
    _compare(play, SUBMISSION, path, head, own)
    gaps: Why = {}
    for gap in dossier.gaps:
        if gap.status == "open":
            gaps["completion", gap.name] = dossier.mend(clerk, gap, "completion")
            gaps["withdrawal", gap.name] = dossier.mend(clerk, gap, "withdrawal")
        elif gap.status == "done":
            gaps["reopening", gap.name] = dossier.mend(clerk, gap, "reopening")
    _compare(play, SUBMISSION, path, clerk, gaps)
    answers: Why = {
        ("decision", one.name): asking.decide(dossier, gov, one, "granted", None, today, None)
        for one in dossier.askings
    }
    _compare(play, SUBMISSION, path, gov, answers)


def buttons_of_case(play: Play, case: Case) -> None:
    """The same of a case, for the leader of the district and for the city."""
    case_acts.look(play, case)
    if case.stage in ("none", "rejected"):
        return
    today, path = play.world.today, f"/v1/cases/{play.case_id(case)}"
    chief = By(CHIEF, "leader", DISTRICT, today, dry=True)
    city = By("city-1", "city", CITY, today, dry=True)
    district: Why = {
        ("decision", "pass"): verdicts.decide(case, chief, "pass", None, (), 0),
        ("decision", "fail"): verdicts.decide(case, chief, "fail", None, (), 1),
        ("decision", "return"): verdicts.decide(case, chief, "return", None, ("JG-1",), 0),
        ("recommendations", None): verdicts.recommend([case], chief, ["-"]),
        ("closure", None): titles.finish(case, chief),
    }
    for reward in case.rewards:
        district["payment", reward.name] = titles.pay(case, chief, reward, 1)
        if not reward.cancelled:
            district["cancellation", reward.name] = titles.cancel(case, chief, reward)
    _compare(play, REVIEW, path, chief, district)
    of_city: Why = {
        ("city-marks", None): verdicts.mark_for_city(case, city, "total", {}, {}, 0, (), today),
        ("city-decision", "pass"): verdicts.decide_for_city(case, city, "pass", None, (), 0),
        ("city-decision", "fail"): verdicts.decide_for_city(case, city, "fail", None, (), 1),
        ("city-decision", "return"): verdicts.decide_for_city(
            case, city, "return", None, ("JG-1",), 0
        ),
        ("recommendation-return", None): verdicts.send_back(case, city, 1, None),
        ("awards", None): titles.award([case], city, ["-"], [("compliant", "-")], None, [()]),
    }
    if case.title and not case.title.revoked_on:
        of_city["revocation", None] = titles.revoke(case, city)
    _compare(play, REVIEW, path, city, of_city)


def _compare(play: Play, service: str, path: str, by: By, own: Why) -> None:
    answer = play.services.send(service, path, by)
    assert answer.status_code == 200, answer.text
    shown = {(one["act"], one["of"]): one for one in answer.json()["allowed"]}
    for act, why in own.items():
        button = shown[act]
        assert button["allowed"] == (not why), (act, by, button, why)
        assert not why or button["code"] in why, (act, by, button, why)
        play.counted["button", "allowed" if not why else "grey"] += 1


def whole_record(play: Play) -> None:
    """At the end: all is heard, both sides stand where the model stands, nothing is missing."""
    play.carry_all()
    for dossier in play.dossiers.values():
        office_acts.learn(play, dossier)
    for case in play.cases.values():
        case_acts.look(play, case)
    records = play.services.records
    by_id = {one.id: one for stream in records.values() for one in stream}
    for at, stream in play.streams():
        found = records.get(at, [])
        assert [one.version for one in found] == list(range(1, len(stream) + 1)), at
        for one in found:
            if one.causation in by_id:
                assert one.effective_on == by_id[one.causation].effective_on, one
