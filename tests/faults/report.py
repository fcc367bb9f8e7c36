"""The table fault × invariant, with how often each was run and what was found."""

import os
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.faults.checker import INVARIANTS


@dataclass
class Report:
    """Filled run by run; a fault that did not hit has no run."""

    seed: int
    runs: Counter[str] = field(default_factory=Counter)
    hits: Counter[str] = field(default_factory=Counter)
    found: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    lag_s: dict[str, float] = field(default_factory=dict)
    memory_kb: int = 0

    def add(
        self,
        hits: Mapping[str, int],
        violations: Mapping[str, Sequence[str]],
        lag_s: float,
        memory_kb: int,
    ) -> None:
        """One run in which these faults hit so often."""
        for fault, count in hits.items():
            self.runs[fault] += 1
            self.hits[fault] += count
            self.lag_s[fault] = max(lag_s, self.lag_s.get(fault, 0))
            for name, found in violations.items():
                self.found[fault][name] += bool(found)
        self.memory_kb = max(self.memory_kb, memory_kb)

    def table(self) -> str:
        """A cell is `violated/run`, or the runs alone where nothing was found."""
        width = max((len(fault) for fault in self.runs), default=5)
        names = list(INVARIANTS)
        head = f"{'fault':{width}}  hits   lag  " + " ".join(f"{name:>4}" for name in names)
        lines = [f"seed {self.seed}, largest process {self.memory_kb // 1024} MiB", head]
        for fault in sorted(self.runs):
            cells = []
            for name in names:
                bad, runs = self.found[fault][name], self.runs[fault]
                cells.append(f"{f'{bad}/{runs}' if bad else runs:>4}")
            lag = f"{self.lag_s[fault]:5.1f}s"
            lines.append(f"{fault:{width}} {self.hits[fault]:5} {lag} {' '.join(cells)}")
        return "\n".join(lines)

    def write(self) -> None:
        """Into the file that FUYAN_FAULT_REPORT names, if it names one."""
        if path := os.environ.get("FUYAN_FAULT_REPORT"):
            Path(path).write_text(self.table() + "\n", encoding="utf-8")


REPORT = pytest.StashKey[Report]()
"""Where pytest's own object keeps it until the end."""
