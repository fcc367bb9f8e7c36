"""What happened in a run, line by line: the same seed tells the same story."""

from hashlib import sha256

from tests.simulation.loop import Loop


class Trace:
    """Appends cheaply; is put into words only when somebody reads it."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop
        self._lines: list[tuple[object, ...]] = []

    def __call__(self, *what: object) -> None:
        self._lines.append((self._loop.now, *what))

    def lines(self, last: int | None = None) -> list[str]:
        chosen = self._lines if last is None else self._lines[-last:]
        return [f"{line[0]:9.4f}  " + "  ".join(map(str, line[1:])) for line in chosen]

    def digest(self) -> str:
        return sha256("\n".join(self.lines()).encode()).hexdigest()
