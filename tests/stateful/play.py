"""One programme played on both sides: each command goes to the model and to the services.

What the services answer, and what they then have said, must be what the model says.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import orjson

from shared.events.envelope import Record
from tests.stateful.asking import hear_of_case
from tests.stateful.case import Case, Post
from tests.stateful.dossier import Dossier
from tests.stateful.driver import REVIEW, SUBMISSION, Services
from tests.stateful.sent import PAPER, definition
from tests.stateful.verdicts import hear_application, hear_withdrawal
from tests.stateful.world import DISTRICT, By, Said, World

LEAD, MEMBERS, CHIEF, OFFICER = "lead", ("lead", "m1", "m2"), "chief", "o1"
OFFICERS = (*MEMBERS, "m3", "m4", CHIEF)


@dataclass(frozen=True, slots=True)
class Kept:
    """A command that was taken, as it was sent and answered."""

    service: str
    path: str
    by: By
    body: dict[str, Any]
    key: str
    version: int | None
    answer: dict[str, Any]


@dataclass(slots=True)
class Play:
    """The game of one programme."""

    services: Services
    counted: Counter[tuple[str, str]]
    world: World = field(init=False)
    dossiers: dict[str, Dossier] = field(default_factory=dict)
    cases: dict[tuple[str, int], Case] = field(default_factory=dict)
    directory: dict[str, Sequence[Post]] = field(default_factory=dict)
    kept: list[Kept] = field(default_factory=list)
    known: dict[tuple[str, str], int] = field(default_factory=dict)
    """Up to which version the two were found to agree, by stream."""
    commands: int = 0
    sound: bool = True
    """False from the moment on which something differed."""

    def __post_init__(self) -> None:
        self.world = World(*self.services.next_programme())
        self.dossiers = {one.code: Dossier(self.world, one) for one in self.world.townships}
        self._open()

    @property
    def moved(self) -> str:
        """Who came to the district from the first office in the middle of the programme."""
        return f"moved-{self.world.code}"

    def _open(self) -> None:
        world, by = self.world, By(OFFICER, "officer", DISTRICT, self.world.base)
        answer = self.services.send(
            REVIEW, "/v1/programmes", by, body=definition(world), key=f"{world.code}-open"
        )
        assert answer.status_code == 201, answer.text
        records = self.services.listen(REVIEW)
        world.opened([name_of(one) for one in records])
        self.known["programme", world.code] = len(records)
        while self.services.waiting:
            self.carry(next(iter(self.services.waiting)))
        posts = {name: [Post(DISTRICT, date(2000, 1, 1))] for name in OFFICERS}
        posts["insider"] = [Post("office-1", date(2000, 1, 1))]
        posts[self.moved] = [
            Post("office-1", date(2000, 1, 1), world.day(100)),
            Post(DISTRICT, world.day(101)),
        ]
        self.directory |= posts
        for officer, held in posts.items():
            if officer == self.moved or not self.services.directory_known:
                self._enter(by, officer, held)
        self.services.directory_known = True

    def _enter(self, by: By, officer: str, held: Sequence[Post]) -> None:
        postings = [
            {
                "organisation": one.organisation,
                "post": "干部",
                "name": "某某",
                "from_on": one.from_on.isoformat(),
                "to_on": one.to_on and one.to_on.isoformat(),
            }
            for one in held
        ]
        answer = self.services.send(
            REVIEW, f"/v1/officers/{officer}", by, body={"postings": postings}, method="PUT"
        )
        assert answer.status_code == 200, answer.text

    def current(self, township: str) -> Case | None:
        """The case of the last application, opened or not."""
        return self.cases.get((township, len(self.dossiers[township].applications)))

    def cases_before(self, case: Case) -> list[Case]:
        own = case.application.round
        return [self.cases[case.township.code, one] for one in range(1, own)]

    def case_id(self, case: Case) -> str:
        return f"{self.world.code}/{case.township.code}/{case.application.round}"

    def tell(
        self,
        kind: str,
        why: set[str],
        where: tuple[str, str, tuple[str, str]],
        by: By,
        body: dict[str, Any],
        *,
        decision: bool = False,
    ) -> dict[str, Any] | None:
        """Send what the model has judged; None where it was refused, as it had to be.

        `where` is the service, the address, and the stream that If-Match and the answer are about.
        """
        self.sound = False
        if why:  # then a wrong day or version is one more reason, wherever the model had stopped
            why = self.world.settle(by, why, [], list)
        service, path, stream = where
        before = self.known.get(stream, 0)
        version = before if decision else None
        if by.stale:
            version = before - 1 if before else 1
        if by.blind:
            version = None
        self.commands += 1
        key = f"{self.world.code}-{self.commands}"
        sent = {**_day(by, self.world.today), **body}
        answer = self.services.send(service, path, by, body=sent, key=key, version=version)
        found: dict[str, Any] = answer.json()
        fresh = self.services.listen(service)
        if answer.status_code != 201:
            code = str(found.get("code"))
            self.counted[kind, code] += 1
            assert code in why, f"{kind} {by} {sent}: refused by {code}, expected {why}: {found}"
            assert not fresh, f"{kind} was refused by {code} and still said {fresh}"
            self.sound = True
            return None
        self.counted[kind, "accepted"] += 1
        assert not why, f"{kind} {by} {sent}: was taken in spite of {why}"
        self.hear_own(fresh)
        assert found["version"] == self.known.get(stream, 0), (kind, found, stream)
        self.kept.append(Kept(service, path, by, sent, key, version, found))
        self.sound = True
        return found

    def hear_own(self, fresh: Iterable[Record]) -> None:
        """Both say the same: the same events in the same streams, each on the same day."""
        told = {
            (*at, number): (said.name, said.on)
            for at, stream in self.streams()
            for number, said in enumerate(
                stream[self.known.get(at, 0) :], self.known.get(at, 0) + 1
            )
        }
        found = {
            (one.context, one.subject, one.version): (name_of(one), one.effective_on)
            for one in fresh
        }
        assert found == told, f"said {found}, expected {told}"
        self.known = {at: len(stream) for at, stream in self.streams()}

    def streams(self) -> Iterator[tuple[tuple[str, str], list[Said]]]:
        code = self.world.code
        yield ("programme", code), self.world.programme
        for township, dossier in self.dossiers.items():
            yield ("dossier", f"{code}/{township}"), dossier.stream
        for case in self.cases.values():
            yield ("case", self.case_id(case)), case.stream

    def again(self, kept: Kept, other: dict[str, Any] | None) -> None:
        """The same key once more: the same answer, or with another body none."""
        body = kept.body if other is None else other
        answer = self.services.send(
            kept.service, kept.path, kept.by, body=body, key=kept.key, version=kept.version
        )
        found = answer.json()
        if other is None:
            assert (answer.status_code, found) == (201, kept.answer), (kept, found)
        else:
            assert found.get("code") == "idempotency-key-reused", (kept, other, found)
        self.counted["again", "accepted" if other is None else found["code"]] += 1
        assert not self.services.listen(kept.service)

    def carry(self, at: tuple[str, str], *, twice: bool = False) -> None:
        """Let the other side hear the next event, and what it makes of it."""
        self.sound = False
        record = self.services.carry(at)
        if twice:
            assert not self.services.repeat(record)
        listener = REVIEW if record.context == "dossier" else SUBMISSION
        self._follow(record)
        self.hear_own(self.services.listen(listener))
        self.sound = True

    def carry_all(self) -> None:
        while self.services.waiting:
            self.carry(min(self.services.waiting))

    def _follow(self, record: Record) -> None:
        _, _, rest = record.subject.partition("/")
        match record.context:
            case "programme":
                self.world.heard = record.version
            case "dossier":
                self._follow_dossier(self.dossiers[rest], record.version)
            case "case":
                township, _, round = rest.partition("/")
                case = self.cases[township, int(round)]
                said = case.stream[record.version - 1]
                hear_of_case(self.dossiers[township], int(round), said)
                if said.name == "application-rejected":
                    reasons = {one["code"] for one in orjson.loads(record.data)["reasons"]}
                    assert reasons == said.what["reasons"], (reasons, said)

    def _follow_dossier(self, dossier: Dossier, version: int) -> None:
        said = dossier.stream[version - 1]
        if said.name == "application-submitted":
            application = dossier.applications[said.what["round"] - 1]
            case = Case(self.world, dossier.township, self.directory, application)
            self.cases[dossier.township.code, application.round] = case
            hear_application(case, application, self.cases_before(case))
            self.counted["round", str(application.round)] += 1
            self.counted["case", case.stage] += 1
        elif said.name == "withdrawal-requested":
            case = self.cases[dossier.township.code, said.what["round"]]
            hear_withdrawal(case, said.on)


def name_of(record: Record) -> str:
    """`plan-filed`, of `fuyan.dossier.plan-filed.v1`."""
    return record.type.split(".")[2]


def _day(by: By, today: date) -> dict[str, Any]:
    said: dict[str, Any] = {} if by.on == today else {"effective_on": by.on.isoformat()}
    if by.reasoned:
        said["backdated_reason"] = "公文迟到"
    return said | ({"document": PAPER} if by.paper else {})
