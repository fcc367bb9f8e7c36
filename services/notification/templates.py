"""What a notice says, in Chinese and English, from the event that caused it.

Rendered whenever it is read: no sentence is stored or published, and erasing the event blanks it.
A change of a sentence's meaning is a new `TEMPLATE_VERSION`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from datetime import date

from services.notification.notice import Notice
from services.notification.programmes import Programme
from services.notification.sentences import TEMPLATES
from services.notification.words import OVERDUE, WORDS
from shared.contracts.notice import Escalated
from shared.contracts.registry import Event, decode, newest, type_of
from shared.events.envelope import Record
from shared.web.shown import shown

TEMPLATE_VERSION = 2


@dataclass(frozen=True, slots=True)
class Title:
    """One sentence in two languages."""

    zh: str
    en: str


GONE = Title("内容已删除或暂时无法读取", "The content was erased or cannot be read at the moment")


def title(event: Event, names: Mapping[str, str]) -> Title:
    """The sentence of an event; `names` are those of its programme, by code.

    Raises KeyError for an event that nobody is told of.
    """
    template = TEMPLATES[type_of(event)]
    facts = _facts(event)
    more = [part for part in template.more if facts.get(part[0])]
    more += [part for part in template.none if not facts.get(part[0])]
    zh = template.zh + "".join(part[1] for part in more)
    en = template.en + "".join(part[2] for part in more)
    return Title(
        zh.format_map({name: _said(name, fact, names, "zh") for name, fact in facts.items()}),
        en.format_map({name: _said(name, fact, names, "en") for name, fact in facts.items()}),
    )


# Past these a digest says how many more there are: the list itself is beside it.
_TOLD = 5


def overdue_title(lines: Sequence[Escalated], names: Mapping[str, str]) -> Title:
    """The sentence of a digest of late work, the longest late first."""
    first = sorted(lines, key=lambda line: -line.overdue_wd)[:_TOLD]
    parts_zh, parts_en = [], []
    for line in first:
        code = line.about.subject.split("/")[1]
        zh, en = OVERDUE[line.about.kind]
        due_zh, due_en = (shown("due_on", line.due_on, lang) for lang in ("zh", "en"))
        late_zh, late_en = (shown("overdue_wd", line.overdue_wd, lang) for lang in ("zh", "en"))
        township = names.get(code, code)
        parts_zh.append(f"{township}{zh}（期限{due_zh}，已逾期{late_zh}）")
        parts_en.append(f"{en} of {township} (due on {due_en}, {late_en} late)")
    left = len(lines) - len(first)
    return Title(
        f"{len(lines)} 项工作逾期：{'；'.join(parts_zh)}{f'；另有 {left} 项' if left else ''}",
        f"{len(lines)} overdue: {'; '.join(parts_en)}{f'; and {left} more' if left else ''}",
    )


def notice_title(known: Notice, cause: Record | None, heard: Programme) -> Title:
    """What a notice says, in the names of the day it is about: of 2018 it prints those of 2018."""
    if known.lines:
        return overdue_title(known.lines, heard.things)
    return title_of(cause, {} if cause is None else heard.names(cause.effective_on))


def title_of(record: Record | None, names: Mapping[str, str]) -> Title:
    """As `title`; a cause erased, or written by a newer image, must not hide the other notices."""
    if record is None or record.erased or newest(record.type) not in TEMPLATES:
        return GONE
    try:
        return title(decode(record.type, record.data), names)
    except ValueError:
        return GONE


def _facts(event: Event) -> dict[str, object]:
    """The event's fields, its totals' beside them, and how many there are of each list."""
    facts: dict[str, object] = {}
    for name in (part.name for part in fields(event)):
        fact = getattr(event, name)
        if isinstance(fact, tuple):
            facts[f"{name}_count"] = len(fact)
            texts = [part.text for part in fact if hasattr(part, "text")]
            facts[f"{name}_text"] = "；".join(texts)
        elif is_dataclass(fact):
            prefix = "" if name == "totals" else f"{name}_"
            facts |= {f"{prefix}{part.name}": getattr(fact, part.name) for part in fields(fact)}
        else:
            facts.setdefault(name, fact)
    if facts.get("field") == "valid_until_on":
        days = {name: facts[name] for name in ("was", "is_")}
        facts |= {name: day and date.fromisoformat(str(day)) for name, day in days.items()}
    return facts


_NAMED = frozenset(
    {"item", "target", "batch", "phase", "gate", "asked_of", "decided_by", "successor_of"}
)
# A value before and after a correction: spoken of as what it is a value of.
_VALUES = frozenset({"was", "is_"})


def _said(name: str, fact: object, names: Mapping[str, str], lang: str) -> str:
    if isinstance(fact, str):
        if (word := WORDS.get(("title" if name in _VALUES else name, fact))) is not None:
            return word[0] if lang == "zh" else word[1]
        if name in _NAMED:
            return names.get(fact, fact)
    return shown(name, fact, lang)
