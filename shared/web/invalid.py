"""What cannot be read in a request, field by field and in two languages."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_ZH: Mapping[str, str] = {
    "missing": "必须填写",
    "json_invalid": "不是有效的 JSON",
    "extra_forbidden": "没有这一项",
    "string_type": "应为文字",
    "string_too_short": "至少 {min_length} 个字",
    "string_too_long": "至多 {max_length} 个字",
    "string_pattern_mismatch": "格式不对，应符合 {pattern}",
    "int_type": "应为整数",
    "int_parsing": "应为整数",
    "int_from_float": "应为整数，不得有小数",
    "float_type": "应为数字",
    "float_parsing": "应为数字",
    "bool_type": "应为是或否",
    "bool_parsing": "应为是或否",
    "greater_than": "应大于 {gt}",
    "greater_than_equal": "应不小于 {ge}",
    "less_than": "应小于 {lt}",
    "less_than_equal": "应不大于 {le}",
    "date_type": "应为日期，如 2018-09-01",
    "date_parsing": "应为日期，如 2018-09-01",
    "date_from_datetime_parsing": "应为日期，如 2018-09-01",
    "date_from_datetime_inexact": "应为日期，不带时刻",
    "datetime_type": "应为时刻，如 2018-09-01T08:00:00+08:00",
    "datetime_parsing": "应为时刻，如 2018-09-01T08:00:00+08:00",
    "datetime_from_date_parsing": "应为时刻，如 2018-09-01T08:00:00+08:00",
    "timezone_aware": "时刻应带时区",
    "enum": "应为下列之一：{expected}",
    "literal_error": "应为下列之一：{expected}",
    "union_tag_invalid": "应为下列之一：{expected_tags}",
    "union_tag_not_found": "应写明类别 {discriminator}",
    "list_type": "应为列表",
    "tuple_type": "应为列表",
    "set_type": "应为列表",
    "frozen_set_type": "应为列表",
    "too_short": "至少 {min_length} 项",
    "too_long": "至多 {max_length} 项",
    "dict_type": "应为对象",
    "model_type": "应为对象",
    "model_attributes_type": "应为对象",
    "dataclass_type": "应为对象",
    "uuid_type": "应为 UUID",
    "uuid_parsing": "应为 UUID",
    "url_type": "应为网址",
    "url_parsing": "应为网址",
    "url_scheme": "网址应以 {expected_schemes} 开头",
    "multiple_of": "应为 {multiple_of} 的倍数",
    "value_error": "不合要求：{error}",
    "assertion_error": "不合要求：{error}",
}


def invalid_fields(errors: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """pydantic's findings as `{place, field, zh, en}`.

    What was sent is never repeated: it may be a secret in the wrong field.
    """
    fields = []
    for error in errors:
        place, *path = error["loc"]
        malformed = error["type"] == "json_invalid"
        context = {name: str(value) for name, value in error.get("ctx", {}).items()}
        template = _ZH.get(error["type"], "填写不符合要求")
        en = f"not valid JSON: {context.get('error')}" if malformed else error["msg"]
        fields.append(
            {
                "place": str(place),
                "field": "" if malformed else pointer(path),
                "zh": template.format_map(context),
                "en": en,
            }
        )
    return fields


def pointer(path: Sequence[str | int]) -> str:
    """RFC 6901: `/marks/0/score_cp`; empty for the whole."""
    return "".join(f"/{str(part).replace('~', '~0').replace('/', '~1')}" for part in path)
