"""A bulletin: how it is counted, whom it reaches, who reads it, and how it is signed."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from deploy.local.issuer import Issuer
from services.notification.app import create_app
from services.notification.bulletin import (
    Addressees,
    Block,
    Draft,
    NumberTaken,
    Signing,
    Table,
    Text,
    addressees,
    edited,
    issue_bulletin,
    may_correct,
    role_of,
)
from services.notification.bulletin_access import READERS
from services.notification.notice import Inbox, evolve
from services.notification.programmes import Member, Programme, Succession
from services.notification.settings import NotificationSettings
from shared.contracts.blocks import ProgrammeSite
from shared.contracts.notice import BulletinIssued, NoticeEvent, RulesNamed
from shared.contracts.programme import Cut
from shared.contracts.refusals import Refused
from shared.web.app import roles_by_route
from tests.unit.given import Given
from tests.unit.web_app import settings_for

given: Given[Inbox, NoticeEvent] = Given(Inbox(), evolve)
SITE: ProgrammeSite = {"programme": "shanting-2018", "effective_on": date(2018, 12, 3)}
NOW = datetime(2018, 12, 3, 1, tzinfo=UTC)
OFFICE, GOV, DISTRICT, CITY = "370406001-office", "370406001-gov", "370406-safety", "370400-safety"
KNOWN = Programme(
    district=DISTRICT,
    city=CITY,
    townships={
        "370406001": Member(office=OFFICE, government=GOV, since_on=date(2018, 2, 5)),
        "370406100": Member(office="o2", government="g2", since_on=date(2018, 2, 5)),
        "370406101": Member(
            office="o3", government="g3", enrolled=False, since_on=date(2018, 2, 5)
        ),
    },
)
TEXT = Text("关于进展情况的通报", (Block("paragraph", "截至2018年11月30日，10家参加。"),))
DRAFT = Draft(
    bulletin_id="b1",
    programme="shanting-2018",
    version=2,
    text=TEXT,
    as_of_on=date(2018, 11, 30),
    known_at=datetime(2018, 12, 1, 1, tzinfo=UTC),
    cut=(Cut(topic="fuyan.case.v1", partition=0, next_offset=412),),
    rules=(RulesNamed(kind="risk", version=1),),
    figures={"achieved": 2},
    figures_digest="ab" * 32,
    publicity="internal",
)
SIGNING = Signing(
    document_number="山安监发〔2018〕31号",
    signed_by="o02",
    addressees=Addressees((OFFICE,), (GOV,)),
    docx_sha256="cd" * 32,
)
ISSUED = BulletinIssued(
    **SITE,
    bulletin_id="b1",
    issue_no=1,
    document_number="山安监发〔2018〕31号",
    title="关于进展情况的通报",
    as_of_on=date(2018, 11, 30),
    known_at=DRAFT.known_at,
    cut=DRAFT.cut,
    figures={"achieved": 2},
    figures_digest="ab" * 32,
    rules=DRAFT.rules,
    docx_sha256="cd" * 32,
    characters=TEXT.characters,
    recipients=(OFFICE,),
    copied=(GOV,),
    publicity="internal",
    signed_by="o02",
)


def sign(
    place: Inbox,
    draft: Draft = DRAFT,
    *,
    corrected: BulletinIssued | None = None,
    known_on: date = date(2018, 12, 1),
    site: ProgrammeSite = SITE,
) -> list[NoticeEvent]:
    return issue_bulletin(
        place,
        draft,
        SIGNING,
        issue_no=1,
        corrected=corrected,
        known_on=known_on,
        now=NOW,
        site=site,
    )


def test_signed_it_says_all_that_was_drafted() -> None:
    given().when(sign).then(ISSUED)


def test_a_number_that_nobody_can_read_is_none() -> None:
    blank = replace(SIGNING, document_number="〔〕")
    with pytest.raises(Refused, match="document-number-empty"):
        issue_bulletin(
            Inbox(),
            DRAFT,
            blank,
            issue_no=1,
            corrected=None,
            known_on=date(2018, 12, 1),
            now=NOW,
            site=SITE,
        )


def test_an_issue_number_is_one_bulletins_alone() -> None:
    with pytest.raises(NumberTaken):
        given(ISSUED).when(sign)


def test_it_is_not_signed_before_the_day_it_speaks_of() -> None:
    early: ProgrammeSite = {**SITE, "effective_on": date(2018, 11, 29)}
    given().when(sign, site=early).refused(
        "effective-day-too-early", earliest_on=date(2018, 11, 30)
    )


def test_it_is_not_signed_on_a_day_when_its_figures_were_not_known() -> None:
    given().when(sign, known_on=date(2018, 12, 4)).refused("known-at-in-future")


def test_a_correction_is_not_earlier_than_what_it_corrects() -> None:
    later = replace(ISSUED, effective_on=date(2018, 12, 4))
    given().when(sign, corrected=later).refused(
        "effective-day-too-early", earliest_on=date(2018, 12, 4)
    )


def test_a_correction_names_each_figure_that_differs() -> None:
    draft = replace(DRAFT, bulletin_id="b2", corrects="b1", figures={"achieved": 3})
    (event,) = given().when(sign, draft, corrected=ISSUED).events
    assert isinstance(event, BulletinIssued)
    assert [(one.path, one.was, one.is_) for one in event.changes or ()] == [("/achieved", 2, 3)]


def test_only_what_was_issued_is_corrected_and_only_once() -> None:
    may_correct(ISSUED, "b1", None)
    with pytest.raises(Refused, match="bulletin-not-issued"):
        may_correct(None, "b1", None)
    with pytest.raises(Refused, match="bulletin-corrected"):
        may_correct(ISSUED, "b1", "b2")


@pytest.mark.parametrize(
    ("said", "count"),
    [("截至 2018年", 7), ("通报\n　通报", 4), ("e\u0301", 1), ("𠮷", 1), ("“首批”：", 5)],
)
def test_characters_are_counted_as_a_person_counts_them(said: str, count: int) -> None:
    assert Text("", (Block("paragraph", said),)).characters == count


def test_the_table_counts_once_where_it_stands_and_not_where_it_was_taken_out() -> None:
    table = Table(("阶段", "家数"), (("整改中", "4"),))
    assert Text("", (Block("table"),), table).characters == 8
    assert Text("", (), table).characters == 0


def test_an_edit_moves_the_version_and_the_same_again_does_not() -> None:
    first = edited(DRAFT, 2, issued=None, title="另一个题目")
    assert (first.version, first.text.title) == (3, "另一个题目")
    assert edited(first, 2, issued=None, title="另一个题目") == first
    with pytest.raises(Refused, match="version-mismatch"):
        edited(first, 2, issued=None, title="第三个")
    with pytest.raises(Refused, match="bulletin-issued"):
        edited(first, 3, issued=ISSUED, title="第三个")


def test_offices_get_it_and_governments_and_the_city_a_copy() -> None:
    to = addressees(KNOWN, date(2018, 12, 3))
    assert to == Addressees((OFFICE, "o2"), (GOV, "g2", CITY))
    assert [role_of(KNOWN, one) for one in (OFFICE, GOV, CITY, DISTRICT)] == [
        "head",
        "gov",
        "city",
        "officer",
    ]


def test_nobody_gets_it_twice_and_a_stranger_not_at_all() -> None:
    to = addressees(KNOWN, date(2018, 12, 3), [OFFICE, OFFICE], [OFFICE, CITY])
    assert to == Addressees((OFFICE,), (CITY,))
    with pytest.raises(Refused, match="recipients-unknown"):
        addressees(KNOWN, date(2018, 12, 3), ["370402-safety"])


def test_whoever_took_anothers_place_gets_it_from_that_day_on() -> None:
    known = replace(KNOWN, successors={CITY: Succession(date(2019, 1, 1), "370400-emergency")})
    assert addressees(known, date(2018, 12, 31)).copied[-1] == CITY
    assert addressees(known, date(2019, 1, 1)).copied[-1] == "370400-emergency"


def test_officers_draft_and_edit_and_leaders_sign() -> None:
    table = roles_by_route(create_app(settings_for(Issuer(), NotificationSettings)))
    bulletins = {route: roles for route, roles in table.items() if "/bulletins" in route[1]}
    assert bulletins == {
        ("GET", "/v1/bulletins"): frozenset(READERS),
        ("POST", "/v1/bulletins"): {"officer"},
        ("GET", "/v1/bulletins/{bulletin_id}"): frozenset(READERS),
        ("PATCH", "/v1/bulletins/{bulletin_id}"): {"officer"},
        ("POST", "/v1/bulletins/{bulletin_id}/issuance"): {"leader"},
    }
