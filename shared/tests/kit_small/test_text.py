import pytest
from hypothesis import given
from hypothesis import strategies as st

from kechuang.text import Text, negotiate, normalise, normalise_code


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("zh-CN,zh;q=0.9,en;q=0.8", "zh"),
        ("en-GB,en;q=0.9,zh-CN;q=0.8", "en"),
        ("en;q=0.3, zh;q=0.7", "zh"),
        ("fr-FR", "zh"),
        ("fr, *;q=0.1", "zh"),
        ("zh;q=0, *", "en"),
        ("en;q=nonsense", "zh"),
        ("EN", "en"),
    ],
)
def test_the_answer_is_chinese_unless_english_is_preferred(header: str | None, language: str) -> None:
    assert negotiate(header) == language


@given(st.text())
def test_no_header_breaks_the_negotiation(header: str) -> None:
    assert negotiate(header) in {"zh", "en"}


def test_a_text_has_two_languages_and_falls_back_to_chinese() -> None:
    text = Text(zh="距截止还有{days}天", en="{days} days left").format(days=3)
    assert text.in_("zh") == "距截止还有3天"
    assert text.in_("en") == "3 days left"
    assert Text(zh="揭榜", en="").in_("en") == "揭榜"


def test_free_text_keeps_full_width_punctuation_and_codes_do_not() -> None:
    assert normalise("  新型催化剂（中试）e\u0301 ") == "新型催化剂（中试）\u00e9"
    assert normalise_code(" ９１440703ｍa ") == "91440703MA"
