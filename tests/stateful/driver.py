"""Both real services on one clock: commands over HTTP, and their events carried by the test."""

import asyncio
import threading
from collections import deque
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any, TypeVar

import httpx

from deploy.local.postgres import Databases
from shared.clock import SHANGHAI, write_clock
from shared.events.envelope import Record
from tests.integration.review import OPENING, Review, review
from tests.integration.submission import Submission, submission
from tests.stateful.world import By

T = TypeVar("T")
SUBMISSION, REVIEW = "submission", "review"
LAST_YEAR = 2190


class Services:
    """The services, each on a database of its own, for all the programmes of a run.

    Their logs never go back in time: each programme begins after the one before it has ended, and
    where the days run out that a request may name, all begins anew on empty databases.
    """

    def __init__(self, postgres: Databases, clock: Path) -> None:
        self.loop = asyncio.new_event_loop()
        threading.Thread(target=self.loop.run_forever, daemon=True).start()
        self._postgres, self._clock = postgres, clock
        self._stack = AsyncExitStack()
        self._submission: Submission
        self._review: Review
        self._tokens: dict[tuple[str, str, str, str], str] = {}
        self._read = {SUBMISSION: 0, REVIEW: 0}
        self.waiting: dict[tuple[str, str], deque[Record]] = {}
        """What was said and not yet heard: by topic and the key that keeps its order."""
        self.records: dict[tuple[str, str], list[Record]] = {}
        self.programmes = 0
        self.day = OPENING
        self.directory_known = False

    def start(self) -> None:
        self.call(self._start())

    async def _start(self) -> None:
        for name in ("stateful_submission", "stateful_review"):
            await self._postgres.create_database(name)
        at = [self._postgres.dsn(name) for name in ("stateful_submission", "stateful_review")]
        self._submission = await self._stack.enter_async_context(
            submission(at[0], self._clock, OPENING, ())
        )
        self._review = await self._stack.enter_async_context(review(at[1], self._clock))

    def stop(self) -> None:
        self.call(self._stop())
        self.loop.call_soon_threadsafe(self.loop.stop)

    async def _stop(self) -> None:
        await self._stack.aclose()
        for name in ("stateful_submission", "stateful_review"):
            await self._postgres.drop_database(name)

    def _begin_anew(self) -> None:
        self.call(self._stop())
        self._stack = AsyncExitStack()
        self._tokens.clear()
        self._read = {SUBMISSION: 0, REVIEW: 0}
        self.day, self.directory_known = OPENING, False
        self.call(self._start())

    def call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(60)

    def next_programme(self) -> tuple[str, date]:
        """A code and a first day that nobody used before."""
        self.programmes += 1
        self.waiting.clear()
        self.records.clear()
        if self.day.year > LAST_YEAR:
            self._begin_anew()
        # Whole weeks, so that each programme meets the same weekdays.
        base = OPENING + timedelta(weeks=(self.day - OPENING).days // 7 + 1)
        self.today(base)
        return f"p{self.programmes}", base

    def today(self, day: date) -> None:
        """It is nine in the morning of that day in Shanghai."""
        self.day = day
        write_clock(self._clock, datetime.combine(day, time(9), SHANGHAI))

    def send(
        self,
        service: str,
        path: str,
        by: By,
        *,
        body: dict[str, Any] | None = None,
        key: str = "",
        version: int | None = None,
        method: str = "POST",
    ) -> httpx.Response:
        """One request; without a body it reads."""
        headers = {"Authorization": f"Bearer {self._token(service, by)}"}
        if key:
            headers["Idempotency-Key"] = key
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        http = self._submission.http if service == SUBMISSION else self._review.http
        if body is None:
            return self.call(http.get(path, headers=headers))
        return self.call(http.request(method, path, json=body, headers=headers))

    def listen(self, name: str) -> list[Record]:
        """What a service said since; it waits to be carried to the other."""
        service = self._submission if name == SUBMISSION else self._review
        fresh = self.call(service.log.page(self._read[name], 500))
        for record in fresh:
            self._read[name] = record.position
            key = record.subject
            if record.context == "case":  # all rounds of a township keep their order
                key = record.subject.rpartition("/")[0]
            self.waiting.setdefault((record.context, key), deque()).append(record)
            self.records.setdefault((record.context, record.subject), []).append(record)
        return fresh

    def carry(self, at: tuple[str, str]) -> Record:
        """Let the other side hear the next event of a key."""
        record = self.waiting[at].popleft()
        if not self.waiting[at]:
            del self.waiting[at]
        assert self.repeat(record), f"{record.subject}@{record.version} was known before"
        return record

    def repeat(self, record: Record) -> bool:
        """The same once more; False where it was heard before."""
        if record.context == "dossier":
            return self.call(self._review.ears.heed(self._review.log, record))
        return self.call(self._submission.ears.heed(self._submission.log, record))

    def _token(self, service: str, by: By) -> str:
        who = (service, by.officer, by.role, by.organisation)
        if who not in self._tokens:
            issuer = (self._submission if service == SUBMISSION else self._review).issuer
            self._tokens[who] = issuer.token(by.officer, by.organisation, [by.role], 24 * 60)
        return self._tokens[who]
