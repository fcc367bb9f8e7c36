"""given / when / then: past events, one decision, and what comes of it.

`given(*events).when(decision, …).then(*events)` compares whole events, in their order;
`.then_once(*events)` also takes the same decision again, which must change nothing;
`.refused(code, **facts)` compares the facts it names, and that the catalogue's sentences
find every fact they speak of.
"""

from collections.abc import Callable, Sequence
from functools import reduce
from string import Formatter
from typing import Concatenate, Generic, ParamSpec, TypeVar

from shared.contracts.refusals import REFUSALS, Refused

S = TypeVar("S")
E = TypeVar("E")
P = ParamSpec("P")


class Given(Generic[S, E]):
    """One kind of aggregate, by its state before anything happened and its `evolve`."""

    def __init__(self, initial: S, evolve: Callable[[S, E], S]) -> None:
        self._initial, self._evolve = initial, evolve

    def __call__(self, *events: E) -> "Situation[S, E]":
        return Situation(reduce(self._evolve, events, self._initial), self._evolve)


class Situation(Generic[S, E]):
    """What the past events came to."""

    def __init__(self, state: S, evolve: Callable[[S, E], S]) -> None:
        self.state, self._evolve = state, evolve

    def when(
        self,
        decision: Callable[Concatenate[S, P], Sequence[E]],
        *args: P.args,
        **facts: P.kwargs,
    ) -> "Outcome[S, E]":
        def decide(state: S) -> Sequence[E]:
            return decision(state, *args, **facts)

        try:
            return Outcome(decide, self.state, self._evolve, decide(self.state), None)
        except Refused as refused:
            return Outcome(decide, self.state, self._evolve, (), refused)


class Outcome(Generic[S, E]):
    """What was decided: events, or a refusal."""

    def __init__(
        self,
        decide: Callable[[S], Sequence[E]],
        before: S,
        evolve: Callable[[S, E], S],
        events: Sequence[E],
        refusal: Refused | None,
    ) -> None:
        self._decide, self._before, self._evolve = decide, before, evolve
        self._events, self._refusal = events, refusal

    @property
    def events(self) -> list[E]:
        """For a test that looks at one field; fails where the decision was refused."""
        assert self._refusal is None, f"refused: {self._refusal}"
        return list(self._events)

    @property
    def state(self) -> S:
        """What the decision led to."""
        return reduce(self._evolve, self.events, self._before)

    def then(self, *events: E) -> None:
        assert self.events == list(events)

    def then_once(self, *events: E) -> None:
        self.then(*events)
        assert list(self._decide(self.state)) == [], "decided again, it changed something"

    def then_nothing(self) -> None:
        self.then()

    def refused(self, code: str, **facts: object) -> None:
        assert self._refusal is not None, f"not refused: {self._events}"
        assert self._refusal.code == code, f"refused otherwise: {self._refusal}"
        known = self._refusal.facts
        assert {name: known.get(name, "not given") for name in facts} == facts
        refusal = REFUSALS[code]
        for sentence in (refusal.zh, refusal.en, refusal.next_zh, refusal.next_en):
            spoken = {name for _, name, _, _ in Formatter().parse(sentence) if name is not None}
            assert spoken <= set(known), f"{sentence!r} speaks of what {code} does not tell"
