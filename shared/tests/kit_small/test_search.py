"""What a record is found by, and what a question needs."""

from random import Random

import pytest

from kechuang.search import fold, lexemes, question

NAME = "江门（示例）精密制造有限公司"
CODE = "91440703MATE000L4P"


def found(asked: str, title: str, *others: str) -> bool:
    """Answer as the index does: every lexeme of the question is there, or is the beginning of one."""
    held = lexemes(title, others)
    read = question(asked)
    if read is None:
        return False
    for part in read.match.split(" & "):
        lexeme = part.strip(":*").strip("'")
        if not (any(each.startswith(lexeme) for each in held) if part.endswith(":*") else lexeme in held):
            return False
    return True


class TestFolding:
    @pytest.mark.parametrize(
        ("written", "compared"),
        [
            ("ＡＢＣ１２３", "abc123"),
            ("江門市", "江门市"),
            ("臺灣後街", "台湾后街"),
            ("Ⅳ级①", "iv级1"),
            ("㈱", "(株)"),
        ],
    )
    def test_width_case_and_traditional_characters_do_not_matter(self, written: str, compared: str) -> None:
        assert fold(written) == compared


class TestFinding:
    @pytest.mark.parametrize(
        "asked",
        [
            "精",
            "司",
            "江门",
            "示例精密",
            "江门示例",
            "（示例）",
            "(示例)",
            "江門",
            "制造 江门",
            "精密制造有限公司",
            NAME,
        ],
    )
    def test_one_character_pairs_phrases_and_several_words_are_found(self, asked: str) -> None:
        assert found(asked, NAME)

    @pytest.mark.parametrize("asked", ["密精", "江制", "江门 软件", "门精", "精密 abc"])
    def test_what_is_not_there_is_not_found(self, asked: str) -> None:
        assert not found(asked, NAME)

    @pytest.mark.parametrize(
        "asked", [CODE, CODE.lower(), "91440703", "ＭＡＴＥ０００Ｌ４", "MATE000L4", "江门 9144"]
    )
    def test_a_code_is_found_by_its_beginning_and_by_the_organisation_code_in_it(self, asked: str) -> None:
        assert found(asked, NAME, CODE)

    def test_a_code_is_not_found_by_a_part_from_its_middle(self) -> None:
        assert not found("0703MATE", NAME, CODE)

    @pytest.mark.parametrize("asked", ["5G", "5g基站", "ISO9001", "iso", "基站 iso"])
    def test_mixed_letters_digits_and_ideographs(self, asked: str) -> None:
        assert found(asked, "５Ｇ基站ISO9001认证")

    @pytest.mark.parametrize("asked", ["！", "", "　", "' & |", "()"])
    def test_without_a_letter_or_digit_nothing_is_asked(self, asked: str) -> None:
        assert question(asked) is None

    def test_every_part_of_a_title_finds_it(self) -> None:
        """Whatever characters a title has, each of its parts between two ideographs finds it."""
        random = Random(7)
        alphabet = "江门市示例精密制造有限公司（）· Ａ1新會"
        for _ in range(300):
            title = "".join(random.choices(alphabet, k=random.randint(1, 20)))
            start = random.randrange(len(title))
            part = title[start : start + random.randint(1, 6)]
            inside_a_word = start and title[start - 1].isalnum() and ord(fold(title[start - 1])[0]) < 0x2E80
            if question(part) is not None and not inside_a_word:
                assert found(part, title), (part, title)


class TestWholes:
    def test_a_whole_field_and_the_beginning_of_a_title_have_lexemes(self) -> None:
        held = lexemes(NAME, [CODE, "旧名厂"])
        assert {"^江门示例精密制造有限公司", CODE.lower(), "=旧名厂"} <= set(held)
        assert f"={CODE.lower()}" not in held  # a code is its own whole

    def test_an_exact_code_is_its_word(self) -> None:
        read = question(CODE)
        assert read is not None
        assert f"'{CODE.lower()}'" in read.exact.split(" | ")

    def test_an_exact_question_and_a_prefix_need_them(self) -> None:
        read = question("江门示例")
        assert read is not None
        assert (read.exact, read.prefix) == ("'^江门示例' | '=江门示例'", "'^江门示例':*")

    def test_a_long_text_has_no_lexeme_of_its_whole(self) -> None:
        assert all(len(each) <= 64 for each in lexemes("长" * 101, ["文" * 5000]))

    def test_nothing_gives_nothing(self) -> None:
        assert lexemes(None, [None, "", "—"]) == []
