"""What pydantic finds in a request, said in Chinese and English; its own words are English alone."""

from collections.abc import Mapping
from typing import Any, Final

from kechuang.text import Text

_ZH: Final[Mapping[str, str]] = {
    "missing": "此项必填。",
    "extra_forbidden": "没有这个字段，请检查拼写。",
    "json_invalid": "JSON 格式有误。",
    "string_type": "应为文本。",
    "string_too_short": "至少 {min_length} 个字符。",
    "string_too_long": "最多 {max_length} 个字符。",
    "string_pattern_mismatch": "格式不符，应匹配 {pattern}。",
    "string_unicode": "含有无法识别的字符。",
    "int_type": "应为整数。",
    "int_parsing": "应为整数。",
    "int_parsing_size": "数值过大。",
    "int_from_float": "应为整数，不能有小数。",
    "float_type": "应为数字。",
    "float_parsing": "应为数字。",
    "finite_number": "应为有限的数字。",
    "bool_type": "应为 true 或 false。",
    "bool_parsing": "应为 true 或 false。",
    "greater_than": "应大于 {gt}。",
    "greater_than_equal": "应不小于 {ge}。",
    "less_than": "应小于 {lt}。",
    "less_than_equal": "应不大于 {le}。",
    "multiple_of": "应为 {multiple_of} 的倍数。",
    "literal_error": "应为以下之一：{expected}。",
    "enum": "应为以下之一：{expected}。",
    "list_type": "应为列表。",
    "tuple_type": "应为列表。",
    "set_type": "应为列表。",
    "dict_type": "应为对象。",
    "mapping_type": "应为对象。",
    "model_type": "应为对象。",
    "model_attributes_type": "应为对象。",
    "none_required": "应为空（null）。",
    "too_short": "至少 {min_length} 项，现有 {actual_length} 项。",
    "too_long": "最多 {max_length} 项。",
    "date_type": "应为日期，例如 2024-03-01。",
    "date_parsing": "应为日期，例如 2024-03-01。",
    "date_from_datetime_parsing": "应为日期，例如 2024-03-01。",
    "date_from_datetime_inexact": "应为日期，不带时刻。",
    "datetime_type": "应为带时区的时刻，例如 2024-03-01T08:30:00+08:00。",
    "datetime_parsing": "应为带时区的时刻，例如 2024-03-01T08:30:00+08:00。",
    "datetime_from_date_parsing": "应为带时区的时刻，例如 2024-03-01T08:30:00+08:00。",
    "timezone_aware": "时刻应带时区，例如 2024-03-01T08:30:00+08:00。",
    "time_delta_type": "应为时长，例如 P10D。",
    "time_delta_parsing": "应为时长，例如 P10D。",
    "decimal_type": "应为数字。",
    "decimal_parsing": "应为数字。",
    "decimal_max_digits": "最多 {max_digits} 位数字。",
    "decimal_max_places": "最多 {decimal_places} 位小数。",
    "union_tag_not_found": "缺少用来区分种类的 {discriminator}。",
    "union_tag_invalid": "{discriminator} 应为以下之一：{expected_tags}。",
    "bytes_type": "应为文本。",
    "url_parsing": "应为网址。",
    "url_type": "应为网址。",
    "uuid_parsing": "应为 UUID。",
}  # fmt: skip
_EN: Final[Mapping[str, str]] = {
    "missing": "This field is required.",
    "extra_forbidden": "There is no such field; check the spelling.",
    "json_invalid": "The JSON is malformed.",
}


def says(finding: Mapping[str, Any]) -> Text:
    """Give what a finding of pydantic says to the caller."""
    kind, context = str(finding["type"]), finding.get("ctx") or {}
    if {"zh", "en"} <= context.keys():  # the kit's own types say it in both languages
        return Text(str(context["zh"]), str(context["en"]))
    english = _EN.get(kind, str(finding["msg"]))
    template = _ZH.get(kind)
    if template is None:
        return Text(f"填写有误：{english}", english)
    plain = {name: str(value).replace(" or ", ", ") for name, value in context.items()}
    return Text(template.format_map(plain), english)
