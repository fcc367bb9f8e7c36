"""What a check may find, in both languages; the page in the file says the same sentences."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it must be, named by its place."""

    code: str
    service: str
    facts: dict[str, str | int] = field(default_factory=dict)

    def told(self, language: int) -> str:
        """In Chinese (0) or English (1)."""
        facts = {name: _plain(fact) for name, fact in self.facts.items()}
        return SENTENCES[self.code][language].format(service=_plain(self.service), **facts)

    def as_json(self) -> dict[str, object]:
        return {
            "code": self.code,
            "service": self.service,
            **self.facts,
            "zh": self.told(0),
            "en": self.told(1),
        }


def _plain(fact: str | int) -> str | int:
    """What a file says of itself may hold what moves a terminal's cursor, and is shown as text."""
    if isinstance(fact, int) or fact.isprintable():
        return fact
    return "".join(one if one.isprintable() else "�" for one in fact)


SENTENCES: dict[str, tuple[str, str]] = {
    "event-altered": (
        "第 {position} 号事件（{event}）被改动：内容或标头与封存的叶哈希不符",
        "The event at position {position} ({event}) was altered: it does not fit its sealed leaf",
    ),
    "event-removed": (
        "第 {position} 号事件被删去",
        "The event at position {position} was removed",
    ),
    "data-gone": (
        "第 {position} 号事件（{event}）的数据已不在，却没有依法删除的记录",
        "The data of the event at position {position} ({event}) are gone, "
        "and no erasure is on record",
    ),
    "data-withheld": (
        "第 {position} 号事件（{event}）的数据不在文件中，"
        "文件却带有内容，也没有删除它的记录（erased）。"
        "若在文件截止之后才依法删除，请以更晚的导出核验",
        "The data of the event at position {position} ({event}) are not in the file, which has "
        "those of others and no erasure of these. If they were erased by law after its last head, "
        "check a later export",
    ),
    "event-void": (
        "第 {position} 号没有事件：据称恢复备份后未能取回（void），只留下叶哈希",
        "Position {position} has no event: it is said that it could not be taken back after a "
        "restore (void); only its leaf is left",
    ),
    "event-reordered": (
        "第 {position} 号事件被移位：排在第 {after} 号之后",
        "The event at position {position} was moved: it stands behind position {after}",
    ),
    "event-inserted": (
        "第 {line} 行的事件（{event}，第 {position} 号）是加进来的：日志中没有它的位置",
        "The event of line {line} ({event}, position {position}) was inserted: "
        "the log has no place for it",
    ),
    "line-unreadable": (
        "第 {line} 行不是事件：{reason}",
        "Line {line} is no event: {reason}",
    ),
    "file-damaged": (
        "{part} 不能读取：{reason}",
        "{part} cannot be read: {reason}",
    ),
    "tail-cut": (
        "记录的末尾被截去：第 {first} 至 {last} 号事件缺失，而 {signed_at} 签署的树头包含它们",
        "The tail was cut off: events {first} to {last} are missing, "
        "and the head signed at {signed_at} covers them",
    ),
    "stream-gone": (
        "事件流 {stream} 整个不见了（应有 {version} 件）",
        "Stream {stream} is gone (it had {version} events)",
    ),
    "stream-incomplete": (
        "事件流 {stream} 缺少第 {missing} 版",
        "Stream {stream} lacks version(s) {missing}",
    ),
    "stream-inserted": (
        "事件流 {stream} 不在已签署的目录中",
        "Stream {stream} is not in the signed map of streams",
    ),
    "streams-altered": (
        "事件流目录与 {signed_at} 签署的树头（{size} 件）不符",
        "The map of streams is not that of the head signed at {signed_at} ({size} events)",
    ),
    "span-false": (
        "关于“{start}”范围的证明不成立：{reason}",
        "What shows the streams of “{start}” proves nothing: {reason}",
    ),
    "span-missing": (
        "缺少关于“{start}”范围的证明：不能说明没有隐去什么",
        "Nothing shows that no stream of “{start}” is withheld",
    ),
    "head-signature-false": (
        "{size} 件、{signed_at} 的树头签名不真",
        "The signature of the head of {size} events, {signed_at}, is false",
    ),
    "key-unknown": (
        "{size} 件、{signed_at} 的树头由未知公钥 {key_id} 签署",
        "The head of {size} events, {signed_at}, was signed by an unknown key {key_id}",
    ),
    "head-foreign": (
        "{size} 件的树头属于别处：{of}",
        "The head of {size} events is another log's: {of}",
    ),
    "heads-contradict": (
        "两个树头互相矛盾（分叉）：{size} 件（{signed_at}）与 {other} 件（{other_at}）",
        "Two heads contradict each other (a fork): {size} events ({signed_at}) "
        "and {other} events ({other_at})",
    ),
    "head-contradicts-record": (
        "记录与 {signed_at} 签署的树头（{size} 件）不符：第 {first} 至 {size} 号之间有改动",
        "The record is not that of the head signed at {signed_at} ({size} events): "
        "something between positions {first} and {size} was changed",
    ),
    "leaves-altered": (
        "叶哈希文件与 {signed_at} 签署的树头（{size} 件）不符：第 {first} 至 {size} 号之间有改动",
        "The file of leaves is not that of the head signed at {signed_at} ({size} events): "
        "something between positions {first} and {size} was changed",
    ),
    "head-missing": (
        "应有 {size} 件的树头，文件中没有：树头也被删过",
        "The head of {size} events is not in the file: heads were taken out, too",
    ),
    "log-missing": (
        "文件中没有 {service} 的日志，而现行系统有：整个日志被抽走，或从未带出",
        "The file is without the log of {service}, which the live house has: it was taken out, "
        "or never taken along",
    ),
    "no-head": (
        "没有一个签名为真的树头：什么也证明不了",
        "There is no head with a true signature: nothing is proven",
    ),
    "head-not-live": (
        "现行系统的日志不符合文件中 {signed_at} 签署的树头（{size} 件）",
        "The live log does not lead to the head signed at {signed_at} ({size} events)",
    ),
    "leaf-not-live": (
        "数据库中第 {position} 号事件（{event}）与其叶哈希不符",
        "In the database the event at position {position} ({event}) does not fit its leaf",
    ),
    "head-not-on-topic": (
        "{size} 件、{signed_at} 的树头不在 Kafka 主题 fuyan.audit.v1 中",
        "The head of {size} events, {signed_at}, is not on the Kafka topic fuyan.audit.v1",
    ),
    "head-only-on-topic": (
        "Kafka 主题上 {size} 件、{signed_at} 的树头，数据库中没有",
        "The head of {size} events, {signed_at}, is on the Kafka topic and not in the database",
    ),
}


@dataclass(slots=True)
class Checked:
    """What came of a check; nothing found means that everything holds."""

    events: int = 0
    data: int = 0
    heads: int = 0
    streams: int = 0
    findings: list[Finding] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)
    """Ids of the keys by which the heads were found to be signed."""

    def find(self, code: str, service: str, **facts: str | int) -> None:
        self.findings.append(Finding(code, service, facts))
