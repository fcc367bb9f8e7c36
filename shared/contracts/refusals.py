"""Why a command is refused: a stable code, a sentence in two languages, and what to do next.

Sentences are templates over the facts given to `Refused`; a code is public and never reused.
"""

from collections.abc import Mapping
from dataclasses import dataclass


class Refused(Exception):
    """A command was understood and is not allowed; nothing has changed."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code, facts)
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Refusal:
    """What a person is told; `status` is the HTTP status it travels under."""

    status: int
    zh: str
    en: str
    next_zh: str
    next_en: str


REFUSALS: Mapping[str, Refusal] = {
    "not-signed-in": Refusal(
        401,
        "尚未登录，或登录已失效",
        "You are not signed in, or the sign-in has expired",
        "请重新登录；系统调用请换用有效的令牌",
        "Sign in again; a machine sends a valid Bearer token",
    ),
    "role-not-allowed": Refusal(
        403,
        "您的角色不能办理此事，须由{roles}办理",
        "Your role may not do this; it takes: {roles}",
        "请交由有该角色的同志办理",
        "Hand it to somebody who holds such a role",
    ),
    "other-organisation": Refusal(
        403,
        "这是另一单位（{organisation}）的事项",
        "This belongs to another organisation ({organisation})",
        "只能办理本单位的事项",
        "Act for your own organisation only",
    ),
    "cross-site-request": Refusal(
        403,
        "请求来自其他网站的页面，未予受理",
        "The request came from a page of another site",
        "请在本系统的页面上办理；系统调用请用 Bearer 令牌",
        "Act on this system's own pages; a machine sends a Bearer token",
    ),
    "issuer-unreachable": Refusal(
        503,
        "暂时无法核验登录",
        "Sign-ins cannot be checked at the moment",
        "请在 {retry_after_s} 后重试",
        "Try again after {retry_after_s}",
    ),
    "return-not-local": Refusal(
        400,
        "返回地址不在本系统内",
        "The address to return to is not within this system",
        "返回地址应以单个 / 开头",
        "Give a path that begins with a single /",
    ),
    "invalid-body": Refusal(
        422,
        "提交的内容有 {count} 处不合要求",
        "What was sent has {count} error(s)",
        "请按 errors 所列逐项更正后重新提交",
        "Correct each field listed in errors and send it again",
    ),
    "invalid-parameter": Refusal(
        422,
        "地址或请求头中有 {count} 处不合要求",
        "The address or headers have {count} error(s)",
        "请按 errors 所列逐项更正后重试",
        "Correct each one listed in errors and try again",
    ),
    "bad-request": Refusal(
        400,
        "无法读懂该请求（{reason}）",
        "The request cannot be read ({reason})",
        "请对照 /openapi.json 更正",
        "Compare it with /openapi.json",
    ),
    "not-found": Refusal(
        404,
        "没有此地址：{path}",
        "There is nothing at {path}",
        "请核对地址，可用地址见 /openapi.json",
        "Check the address; /openapi.json lists those that exist",
    ),
    "method-not-allowed": Refusal(
        405,
        "此地址不接受 {method}",
        "This address does not take {method}",
        "可用的方法见响应头 Allow",
        "The Allow header names the methods it takes",
    ),
    "body-too-large": Refusal(
        413,
        "提交的内容超过 {limit_bytes}",
        "What was sent is larger than {limit_bytes}",
        "请拆分或压缩后再提交",
        "Send it in parts, or smaller",
    ),
    "idempotency-key-missing": Refusal(
        400,
        "缺少请求头 Idempotency-Key",
        "The Idempotency-Key header is missing",
        "请为每次办理生成一个新键，重试时沿用原键",
        "Make a new key for each act, and keep it when you try again",
    ),
    "idempotency-key-invalid": Refusal(
        400,
        "请求头 Idempotency-Key 应为 1 至 200 个可见 ASCII 字符",
        "Idempotency-Key is not 1 to 200 visible ASCII characters",
        "请换用合格的键，例如 UUID",
        "Use such a key, a UUID for instance",
    ),
    "if-match-invalid": Refusal(
        400,
        '请求头 If-Match 应为带引号的版本号，如 "12"',
        'If-Match is not a quoted version such as "12"',
        "请填写读取时 ETag 所给的版本",
        "Send the version that ETag gave when you read it",
    ),
    "if-match-required": Refusal(
        428,
        "作出决定须以 If-Match 写明所依据的版本",
        "A decision names the version it rests on, in If-Match",
        "请先读取最新情况，再带上其 ETag 作决定",
        "Read the present state, then decide with its ETag",
    ),
    "after-invalid": Refusal(
        400,
        "请求头 After 应为 <context>/<subject>@<version>，逗号分隔，至多 16 个",
        "After is not a list of at most 16 <context>/<subject>@<version>",
        "请填写所依据事项的主题与版本，如 dossier/shanting-2018/370406001@7",
        "Name what you build on, as in dossier/shanting-2018/370406001@7",
    ),
    "on-behalf-of-invalid": Refusal(
        400,
        "请求头 On-Behalf-Of 应为 <单位>:<人员>",
        "On-Behalf-Of is not <organisation>:<officer>",
        "请填写被代办者的单位与人员编号",
        "Give the ids of the organisation and the officer you act for",
    ),
    "internal": Refusal(
        500,
        "系统内部出错，编号 {correlation}",
        "Something failed inside, reference {correlation}",
        "请稍后以同一 Idempotency-Key 重试；仍不成功请把编号告知运维",
        "Try again later with the same Idempotency-Key; if it fails again, report the reference",
    ),
    "categories-do-not-add-up": Refusal(
        422,
        "各类别得分合计 {sum_cp}，与总分 {total_cp} 不符",
        "The categories add up to {sum_cp}, not to the total of {total_cp}",
        "请核对各类别得分与总分",
        "Check the marks of the categories against the total",
    ),
    "duplicate-item": Refusal(
        422,
        "项目 {item} 出现了不止一次",
        "Item {item} appears more than once",
        "每个项目只填一行",
        "Give one line for each item",
    ),
    "item-maximum-differs": Refusal(
        422,
        "项目 {item} 的满分是 {max_cp}，与所填不符",
        "The maximum of item {item} is {max_cp}, not what was sent",
        "请按现行标准填写",
        "Use the standard in force",
    ),
    "mark-differs-from-measure": Refusal(
        422,
        "项目 {item} 填报数 {measure} 应得 {counted_cp}，所填为 {mark_cp}",
        "In item {item} a count of {measure} gives {counted_cp}, not {mark_cp}",
        "请更正得分或填报数",
        "Correct the mark or the count",
    ),
    "mark-not-attainable": Refusal(
        422,
        "项目 {item} 按其计分办法得不出 {mark_cp}",
        "Item {item} cannot score {mark_cp} by its method",
        "请按标准规定的计分办法打分",
        "Mark it by the method that the standard gives",
    ),
    "mark-over-maximum": Refusal(
        422,
        "{item} 得分 {mark_cp} 超过满分 {max_cp}",
        "{item} is marked {mark_cp}, above its maximum of {max_cp}",
        "得分不得超过满分",
        "Give at most the maximum",
    ),
    "measure-not-a-number": Refusal(
        422,
        "项目 {item} 的填报数（{measure}）不是合格的数",
        "The count in item {item} ({measure}) is not a number that it takes",
        "扣分、加分项填整数，比例项填百分数",
        "Give a whole number of misses or units, or a percentage for a ratio",
    ),
    "missing-items": Refusal(
        422,
        "还有 {count} 个项目没有打分：{items}",
        "{count} item(s) have no mark yet: {items}",
        "请补齐后再提交",
        "Mark them and send it again",
    ),
    "not-applicable-not-allowed": Refusal(
        422,
        "项目 {item} 不得按不适用处理",
        "Item {item} may not be left out as not applicable",
        "请为该项目打分",
        "Mark this item",
    ),
    "not-applicable-with-mark": Refusal(
        422,
        "项目 {item} 既填不适用又有得分 {mark_cp}",
        "Item {item} is said not to apply and yet is marked {mark_cp}",
        "不适用的项目得分填 0",
        "Give 0 for what does not apply",
    ),
    "nothing-applicable": Refusal(
        422,
        "全部项目都按不适用处理，无从计分",
        "Every item is said not to apply, so there is nothing to score",
        "至少应有一个项目适用",
        "At least one item must apply",
    ),
    "total-over-maximum": Refusal(
        422,
        "总分 {total_cp} 不在 0 至 {out_of_cp} 之间",
        "The total of {total_cp} is not between 0 and {out_of_cp}",
        "请核对总分",
        "Check the total",
    ),
    "unknown-category": Refusal(
        422,
        "标准中没有类别 {category}",
        "The standard has no category {category}",
        "请使用标准中的类别代码",
        "Use the category codes of the standard",
    ),
    "unknown-item": Refusal(
        422,
        "标准第 {version} 版中没有项目 {item}",
        "Version {version} of the standard has no item {item}",
        "请使用现行标准中的项目代码",
        "Use the item codes of the standard in force",
    ),
}
