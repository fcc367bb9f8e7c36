"""Whether an export is what was signed; where it is not, which event, stream or head it is."""

from collections.abc import Callable, Mapping

from deploy.proof.agreement import disagreeing, genuine_heads, head_facts, moved, runs
from deploy.proof.bundle import Bundle, Damaged
from deploy.proof.findings import Checked
from deploy.proof.lines import Line, Unreadable, read
from shared.contracts.audit import TreeHead
from shared.events.signing import Jwk
from shared.events.stream_map import StreamMap, shown
from shared.events.tree import Leaves, consistent, included

Progress = Callable[[int], None]


def check(
    bundle: Bundle, trusted: Mapping[str, Jwk] | None = None, progress: Progress = lambda _: None
) -> Checked:
    """Everything of an export, by keys from elsewhere (`trusted`) or by those in it."""
    checked = Checked()
    logs: dict[str, _Whole | _Part] = {}
    by_context: dict[str, _Whole | _Part] = {}
    if not bundle.services:
        checked.find("no-head", "")
    for service in bundle.services:
        log = _log(bundle, service, trusted, checked)
        if log is not None:
            logs[service] = log
            by_context |= dict.fromkeys(log.newest.contexts, log)
    try:
        for number, raw in bundle.lines():
            try:
                line = read(raw)
            except Unreadable as error:
                checked.find("line-unreadable", "", line=number, reason=str(error))
                continue
            if (log := by_context.get(line.context)) is not None:
                log.take(line, number)
                checked.events += 1
                checked.data += not line.withheld
            elif logs:
                checked.find(
                    "event-inserted", "", line=number, event=line.name, position=line.position
                )
            progress(number)
    except Damaged as error:
        checked.find("file-damaged", "", part=error.part, reason=error.reason)
    # One line with data is enough: nobody may say afterwards that none were to leave.
    content = bool(bundle.manifest.get("content")) or checked.data > 0
    for log in logs.values():
        log.end(content=content)
    return checked


def _log(
    bundle: Bundle, service: str, trusted: Mapping[str, Jwk] | None, checked: Checked
) -> "_Whole | _Part | None":
    keys = bundle.keys.get(service, {}) if trusted is None else trusted
    heads = genuine_heads(
        bundle.heads.get(service, ()), service, bundle.installation, keys, checked
    )
    if not heads:
        checked.find("no-head", service)
        return None
    said = bundle.services[service].get("size")
    if said != heads[-1].size:
        checked.find("head-missing", service, size=said or 0)
    try:
        if bundle.scope.whole:
            return _Whole(bundle, service, heads, checked)
        return _Part(bundle, service, heads, checked)
    except Damaged as error:
        checked.find("file-damaged", service, part=error.part, reason=error.reason)
        return None


class _Log:
    """One log of an export, line by line; who is in doubt is judged once all were seen."""

    def __init__(self, service: str, newest: TreeHead, checked: Checked) -> None:
        self.newest = newest
        self._service = service
        self._checked = checked
        self._seen: set[int] = set()
        self._order: list[tuple[int, int]] = []
        """Number of the line, and position."""
        self._doubtful: list[tuple[int, Line]] = []
        self._versions: dict[str, set[int]] = {}
        self._signed: dict[str, int] = {}
        """The map of streams, as far as it is proven."""
        self._withheld: list[Line] = []
        self._erased: set[tuple[str, int]] = set()
        """Stream and version, as genuine `erased` events name them."""

    def take(self, line: Line, number: int) -> None:
        """A line of this log."""
        if not self._genuine(line) or line.position in self._seen:
            self._doubtful.append((number, line))
            return
        if line.told != line.leaf:  # the line names another leaf than the one it has
            self._find("event-altered", position=line.position, event=line.name)
        self._keep(line, number, line.position)
        if line.withheld:
            self._withheld.append(line)
        if line.erases is not None:
            self._erased.add((line.stream, line.erases))

    def end(self, *, content: bool) -> None:
        """Name what was altered, inserted, moved or taken out; with `content`, data that were."""
        for number, line in self._doubtful:
            place = self._place(line)
            if place is None:
                self._find("event-inserted", line=number, event=line.name, position=line.position)
                continue
            self._find("event-altered", position=place, event=line.name)
            self._keep(line, number, place, altered=True)
        for position, after in moved([position for _, position in sorted(self._order)]):
            self._find("event-reordered", position=position, after=after)
        self._missing()
        for line in self._withheld if content else ():
            if (line.stream, line.version) not in self._erased:
                self._find("data-withheld", position=line.position, event=line.name)
        self._checked.streams += len(self._signed)
        streams(self._signed, self._versions, self._service, self._checked)

    def _keep(self, line: Line, number: int, position: int, *, altered: bool = False) -> None:
        self._seen.add(position)
        self._order.append((number, position))
        # What an altered line says of its stream may be altered, too.
        if not altered or line.version <= self._signed.get(line.stream, 0):
            self._versions.setdefault(line.stream, set()).add(line.version)

    def _find(self, code: str, **facts: str | int) -> None:
        self._checked.find(code, self._service, **facts)

    def _genuine(self, line: Line) -> bool:
        """Whether a line is what the log has at its position."""
        raise NotImplementedError

    def _at(self, leaf: bytes) -> int | None:
        """The position of a leaf."""
        raise NotImplementedError

    def _missing(self) -> None:
        """Name the positions that nothing was found for."""
        raise NotImplementedError

    def _has(self, position: int) -> bool:
        """Whether the log, or the part that was taken of it, has an event there."""
        raise NotImplementedError

    def _place(self, line: Line) -> int | None:
        """Which event a changed line was: by the leaf that it still names, else by its position."""
        for place in (self._at(line.told), line.position):
            if place is not None and place not in self._seen and self._has(place):
                return place
        return None


class _Whole(_Log):
    """All of a log: its leaves lead to every head, its events to the leaves."""

    def __init__(
        self, bundle: Bundle, service: str, heads: list[TreeHead], checked: Checked
    ) -> None:
        super().__init__(service, heads[-1], checked)
        self._heads = heads
        self._vacant = bundle.vacant(service)
        for position in self._vacant:  # nobody can tell it from one that was taken out
            self._find("event-void", position=position)
        self._leaves: Leaves | None = bundle.leaves(service)
        self._places: dict[bytes, int] | None = None
        self._found: dict[int, bytes] = {}
        wrong = disagreeing(heads, self._leaves)
        if wrong is not None or len(self._leaves) != self.newest.size:
            head, agreed = wrong or (self.newest, self.newest.size)
            self._find("leaves-altered", **head_facts(head), first=agreed + 1)
            self._leaves = None
        self._signed = bundle.streams(service)
        found = StreamMap(self._signed)
        if (len(found), found.root().hex()) != (self.newest.stream_count, self.newest.streams):
            self._find("streams-altered", **head_facts(self.newest))
            self._signed = {}

    def take(self, line: Line, number: int) -> None:
        if self._leaves is None:
            self._found.setdefault(line.position, line.leaf)
        super().take(line, number)

    def _genuine(self, line: Line) -> bool:
        if not self._has(line.position):
            return False
        if self._leaves is None:
            return line.leaf == line.told
        return line.leaf == self._leaves[line.position - 1]

    def _at(self, leaf: bytes) -> int | None:
        if self._leaves is None:
            return None
        if self._places is None:
            self._places = {self._leaves[i]: i + 1 for i in range(len(self._leaves))}
        return self._places.get(leaf)

    def _has(self, position: int) -> bool:
        return position <= self.newest.size and position not in self._vacant

    def _missing(self) -> None:
        size = self.newest.size
        there = self._seen | self._vacant.keys()
        last = max(there, default=0)
        for first, end in runs(p for p in range(1, last + 1) if p not in there):
            self._find("event-removed", position=first if first == end else f"{first}–{end}")
        if last < size:
            self._find("tail-cut", first=last + 1, last=size, signed_at=self.newest.signed_at)
        if self._leaves is None:
            self._found |= self._vacant
            leaves = (self._found.get(position, b"") for position in range(1, size + 1))
            if (wrong := disagreeing(self._heads, leaves)) is not None:
                head, agreed = wrong
                self._find("head-contradicts-record", **head_facts(head), first=agreed + 1)


class _Part(_Log):
    """Streams of one scope: each event is in the log, and no stream of the scope is withheld."""

    def __init__(
        self, bundle: Bundle, service: str, heads: list[TreeHead], checked: Checked
    ) -> None:
        super().__init__(service, heads[-1], checked)
        self._root = bytes.fromhex(self.newest.root)
        proofs = bundle.proofs(service)
        self._inclusion = proofs.inclusion
        for head in heads[:-1]:
            path = proofs.consistency.get(head.size, [])
            before = bytes.fromhex(head.root)
            if not consistent(head.size, before, self.newest.size, self._root, path):
                self._find(
                    "heads-contradict",
                    **head_facts(self.newest), other=head.size, other_at=head.signed_at,
                )  # fmt: skip
        by_range = {(span.start, span.end): span for span in proofs.spans}
        count, root = self.newest.stream_count, bytes.fromhex(self.newest.streams)
        for context in self.newest.contexts:
            for wanted in bundle.scope.spans(context):
                if (span := by_range.get(wanted)) is None:
                    self._find("span-missing", start=wanted[0])
                    continue
                try:
                    self._signed |= shown(span, count, root)
                except ValueError as error:
                    self._find("span-false", start=span.start, reason=str(error))

    def _genuine(self, line: Line) -> bool:
        return self._proven(line.leaf, line.position)

    def _proven(self, leaf: bytes, position: int) -> bool:
        path = self._inclusion.get(position)
        return path is not None and included(leaf, position - 1, self.newest.size, path, self._root)

    def _at(self, leaf: bytes) -> int | None:
        return next((at for at in self._inclusion if self._proven(leaf, at)), None)

    def _has(self, position: int) -> bool:
        return position in self._inclusion

    def _missing(self) -> None:
        for first, end in runs(sorted(self._inclusion.keys() - self._seen)):
            self._find("event-removed", position=first if first == end else f"{first}–{end}")


def streams(
    signed: Mapping[str, int], found: Mapping[str, set[int]], service: str, checked: Checked
) -> None:
    """Hold the versions that were found of each stream against the signed map."""
    for name, version in signed.items():
        versions = found.get(name, set())
        missing = [number for number in range(1, version + 1) if number not in versions]
        if not versions:
            checked.find("stream-gone", service, stream=name, version=version)
        elif missing:
            checked.find(
                "stream-incomplete", service,
                stream=name, missing=", ".join(str(number) for number in missing),
            )  # fmt: skip
    if signed:
        for name in sorted(found.keys() - signed.keys()):
            checked.find("stream-inserted", service, stream=name)
