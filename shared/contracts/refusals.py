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
}
