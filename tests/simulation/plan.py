"""What a seed asks for: who runs, what clients do, and which faults strike when. It is data, so
that a failing plan can be made smaller."""

from dataclasses import dataclass, replace
from random import Random

SERVICES = ("submission", "review", "projection")
SUBJECTS = ("p/t1", "p/t2", "p/t3", "q/t4")
FAULTS_UNTIL_S = 6.0
WORDS = {
    "submission": ("look", "append", "publish", "outgoing", "pid", "append"),
    "review": ("look", "append", "append and follow", "publish", "fences", "heads"),
    "projection": ("append journal", "append journal", "move folded", "commit", "model add"),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One blow. `who` is `<service>:<instance>` or `<service>:holder`, a service, or nobody."""

    at_s: float
    kind: str
    who: str = ""
    for_s: float = 0.0
    count: int = 0
    word: str = ""

    def __str__(self) -> str:
        told = [f"{self.at_s:.3f} s: {self.kind}", self.who, self.word]
        told += [f"{self.for_s:+.2f} s"] if self.for_s else []
        told += [f"{self.count}"] if self.count else []
        return " ".join(part for part in told if part)


@dataclass(frozen=True, slots=True)
class Act:
    """One wish of a client: what, of which dossier, and how often it asks before it gives up."""

    at_s: float
    client: int
    what: str
    subject: str
    tries: int = 0
    twins: int = 1
    value: str = ""

    def __str__(self) -> str:
        return f"{self.at_s:.3f} s: client {self.client} {self.what} {self.subject} {self.value}"


@dataclass(frozen=True, slots=True)
class Plan:
    """A run, but for its order and delays, which its seed gives."""

    seed: int
    running: tuple[str, ...]
    """`<service>:<instance>`, in the order in which they start."""
    acts: tuple[Act, ...]
    faults: tuple[Fault, ...]
    page: int = 3
    fresh: int = 10_000

    def with_faults(self, faults: tuple[Fault, ...]) -> "Plan":
        return replace(self, faults=faults)

    def with_acts(self, acts: tuple[Act, ...]) -> "Plan":
        return replace(self, acts=acts)


def draw(seed: int) -> Plan:
    """The plan of a seed."""
    random = Random(f"plan {seed}")
    running = [f"{service}:a" for service in SERVICES]
    running += [f"{service}:b" for service in SERVICES if random.random() < 0.35]
    return Plan(
        seed=seed,
        running=tuple(running),
        acts=_acts(random),
        faults=_faults(random, running),
        page=random.choice((1, 2, 3, 5)),
        fresh=random.choice((2, 10_000)),
    )


def _acts(random: Random) -> tuple[Act, ...]:
    subjects = random.sample(SUBJECTS, random.choice((1, 2, 3)))
    poisoned = random.choice(subjects) if random.random() < 0.35 else None
    acts = []
    for client in range(random.choice((1, 2, 3))):
        at_s = random.uniform(0.0, 0.5)
        for _ in range(random.randint(3, 8)):
            at_s += random.choice((0.0, random.uniform(0.0, 1.5)))
            what = random.choice(
                ("note", "note", "note", "expect", "apply", "apply", "few", "claim")
            )
            subject = random.choice(subjects)
            if subject == poisoned and random.random() < 0.4:
                what = "poison"
            acts.append(
                Act(
                    round(at_s, 4),
                    client,
                    what,
                    subject,
                    tries=random.choice((0, 0, 0, 1)),
                    twins=random.choice((1, 1, 1, 1, 3)),
                    value=str(random.randint(1, 3)) if what == "claim" else "",
                )
            )
    return tuple(acts)


KINDS = {
    "kill": 6, "kill silently": 2, "restart": 2, "pause": 3, "cut before": 2, "cut after": 4,
    "terminate": 2, "store crashes": 2, "store deaf": 2, "store slow": 1, "kafka deaf": 2,
    "broker away": 2, "broker slow": 1, "answers lost": 2, "requests lost": 2, "batches twice": 2,
    "wiped": 1, "replaced": 1, "topic anew": 2, "clock": 1, "foreign record": 1,
    "redrive": 2,
}  # fmt: skip
"""How often each is drawn, against the others."""


def _faults(random: Random, running: list[str]) -> tuple[Fault, ...]:
    # A few kinds a seed: what meets itself often meets more than what meets everything once.
    kinds = random.sample(list(KINDS), random.choice((1, 2, 3, 4)), counts=list(KINDS.values()))
    found = []
    for _ in range(random.choice((0, 1, 2, 3, 4, 6, 8))):
        found.append(_fault(random, random.choice(kinds), running))
    return tuple(sorted(found, key=lambda fault: fault.at_s))


def _fault(random: Random, kind: str, running: list[str]) -> Fault:
    at_s = round(random.uniform(0.05, FAULTS_UNTIL_S - 1), 4)
    service = random.choice(SERVICES)
    who = random.choice([f"{service}:holder", *(one for one in running if one.startswith(service))])
    for_s = round(random.choice((random.uniform(0.02, 0.5), random.uniform(0.5, 4.0))), 3)
    match kind:
        case "kill" | "kill silently" | "restart":
            return Fault(at_s, kind, who, min(for_s, 2.0), random.choice((0, 1, 3, 10, 40)))
        case "pause" | "kafka deaf":
            return Fault(at_s, kind, who, for_s)
        case "store deaf":
            return Fault(at_s, kind, who, for_s)
        case "cut before" | "cut after":
            return Fault(at_s, kind, who, word=random.choice(WORDS[service]))
        case "terminate":
            return Fault(at_s, kind, who)
        case "store crashes" | "store slow":
            return Fault(at_s, kind, service, min(for_s, 1.5))
        case "broker away" | "broker slow":
            return Fault(at_s, kind, for_s=for_s)
        case "answers lost" | "requests lost" | "batches twice":
            return Fault(at_s, kind, count=random.randint(1, 4))
        case "topic anew":
            return Fault(at_s, kind, word=random.choice(("fuyan.dossier.v1", "fuyan.case.v1")))
        case "clock":
            return Fault(at_s, kind, who, round(random.uniform(-3600.0, 3600.0), 1))
        case "redrive":
            return Fault(at_s, kind, random.choice(("review", "review", "projection")))
        case "foreign record":
            return Fault(at_s, kind, word=random.choice(("other", *SUBJECTS)))
        case _:
            return Fault(at_s, kind)
