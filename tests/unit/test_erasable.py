"""What may be erased leaves every fold standing, whichever event it is and wherever it stands."""

from datetime import UTC, date, datetime
from functools import reduce
from typing import Any

import pytest

from services.notification.erasures import ERASABLE as OF_NOTICES
from services.projection.deficiencies import deficiency_map
from services.projection.models.rows import Rows, fold
from services.projection.money import money
from services.projection.overview import overview
from services.projection.picture import picture
from services.projection.queue import queue
from services.projection.ranking import ranking
from services.projection.titles import register
from services.review.case import Case, passed_over
from services.review.case import evolve as of_case
from services.review.erasures import ERASABLE as OF_REVIEW
from services.submission.dossier import Dossier
from services.submission.dossier import evolve as of_dossier
from services.submission.erasures import ERASABLE as OF_DOSSIERS
from shared.contracts.blocks import Document
from shared.contracts.dossier import DeficiencyFound
from shared.contracts.refusals import Refused
from shared.contracts.registry import CONTEXTS, Event
from shared.events.envelope import Record
from shared.messaging.reactions import Received
from shared.store.command import Heard
from shared.store.erasure import Order, erase
from shared.store.streams import Aggregate
from tests.faults.followed import record
from tests.integration.store import note
from tests.unit.review_path import Path
from tests.unit.test_models import told

ERASABLE = {**OF_DOSSIERS, **OF_REVIEW, **OF_NOTICES}
STORY = told().received
LAST = date(2019, 12, 31)
NOW = datetime(2030, 1, 1, tzinfo=UTC)
DOSSIER: Aggregate[Dossier] = Aggregate("dossier", Dossier(), of_dossier)
CASE: Aggregate[Case] = Aggregate("case", Case(), of_case, passed_over=passed_over)
WITHDRAWN = note()
FOUND = DeficiencyFound(
    programme="p", effective_on=WITHDRAWN.effective_on, township="t", township_name="T",
    office="o", deficiency_id="d", item="staff-3", category="staff", nature="software",
    found_by="self", gap_cp=100, description="x", blocking=False, due_on=None,
)  # fmt: skip
ORDER = Order(
    basis=Document(title="关于删除个人信息的决定"), reason=None, effective_on=WITHDRAWN.effective_on
)


def shown(received: list[Received]) -> dict[str, Any]:
    seen = picture(fold(Rows(), received), LAST, NOW)
    lists = (deficiency_map(seen), money(seen), queue(seen), ranking(seen), register(seen))
    return overview(seen, today=LAST, position=1) | {"lists": lists}


def history(subject: str, *events: Event) -> list[Record]:
    return [record(subject, version, event=one) for version, one in enumerate(events, 1)]


def test_only_events_of_its_own_topic_can_be_erased() -> None:
    for context, events in ERASABLE.items():
        assert events <= set(CONTEXTS[context].events.values())


@pytest.mark.parametrize(
    "gone",
    [one for one in STORY if type(one.event) in ERASABLE[one.record.context]],
    ids=lambda one: f"{one.record.subject}@{one.record.version}",
)
def test_every_view_can_do_without_an_event_that_may_be_erased(gone: Received) -> None:
    assert shown([one for one in STORY if one is not gone])


def test_what_a_later_event_is_about_is_not_erased_before_it() -> None:
    told = history("p/t", FOUND, WITHDRAWN)
    with pytest.raises(Refused, match="event-carries-state"):
        erase(told, DOSSIER, ERASABLE["dossier"], Heard("dossier", "p/t", 1), ORDER)
    (event,) = erase(told, DOSSIER, ERASABLE["dossier"], Heard("dossier", "p/t", 2), ORDER)
    assert (event.subject, event.version) == ("p/t", 2)


def test_a_blanked_event_passes_and_is_not_erased_twice() -> None:
    told = history("p/t", FOUND)
    told[0] = told[0]._replace(data=b"", salt=told[0].datahash)
    with pytest.raises(Refused, match="already-erased"):
        erase(told, DOSSIER, ERASABLE["dossier"], Heard("dossier", "p/t", 1), ORDER)


def test_no_event_is_erased_before_the_day_on_which_it_happened() -> None:
    told = history("p/t", FOUND)
    early = Order(basis=ORDER.basis, reason=None, effective_on=date(2000, 1, 1))
    with pytest.raises(Refused, match="effective-day-too-early"):
        erase(told, DOSSIER, ERASABLE["dossier"], Heard("dossier", "p/t", 1), early)


def test_the_marks_of_a_case_keep_their_versions_when_an_event_before_them_goes() -> None:
    """A marking names the version that it was made at, by which another one takes its place."""
    path = Path().inspected()
    gone = next(n for n, one in enumerate(path.events) if type(one) in ERASABLE["case"])
    records = history("c/t/1", *path.events)
    blank = [
        one._replace(data=b"", salt=one.datahash) if n == gone else one
        for n, one in enumerate(records)
    ]
    before, after = (
        reduce(lambda case, one: CASE.read(case, one.type, one.data), found_, Case())
        for found_ in (records, blank)
    )
    assert after.version == before.version
    assert after.consensus_version == before.consensus_version
