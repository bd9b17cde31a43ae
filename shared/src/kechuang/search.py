"""Full-text search (全文检索) in Chinese without a dictionary: which lexemes a record has, which ones a question needs.

PostgreSQL has no parser for Chinese, and its trigrams cannot serve the two characters that most questions are.
So a searched table carries a column `search` (tsvector, GIN) that `kechuang.records` writes with the record:

- of ideographs every pair of neighbours (`江门精密` → `江门 门精 精密 密`), punctuation dropped, so that
  `（江门）` and `江门` are the same; the last one alone, so that a single character is the beginning of some lexeme;
- of Latin letters and digits the whole word, which a question may break off anywhere;
- of every field its whole text behind a mark, `^` for the title and `=` for the others: equality and
  "begins with" are then the same index. A code, which is one word, is its own whole.

Stored text and questions are folded alike: NFKC (full width), case, traditional characters (OpenCC).
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal

import opencc

_IDEOGRAPHS: Final = ((0x3400, 0x4DC0), (0x4E00, 0xA000))
_FIRST_WIDE: Final = 0x2E80
"""Letters from here on (CJK radicals) are written without spaces."""
_LONGEST_WORD: Final = 64
_LONG: Final = 8
_SHORTEST_CODE: Final = 8
_LONGEST_WHOLE: Final = 100
"""Characters. A longer field is never asked for as a whole."""
_CREDIT_CODE, _ITS_ORGANISATION_CODE = 18, 8
"""A credit code holds the former organisation code (组织机构代码) from its ninth place on (GB 32100-2015)."""

Kind = Literal["wide", "word", "break"]


@lru_cache(maxsize=1)
def _simplified() -> dict[int, str]:
    """Character by character: a phrase's own conversion would differ between a question and the text around it."""
    characters = [chr(code) for first, end in _IDEOGRAPHS for code in range(first, end)]
    converted = opencc.OpenCC("t2s").convert("\n".join(characters)).split("\n")
    return {ord(old): new for old, new in zip(characters, converted, strict=True) if old != new}


def fold(text: str) -> str:
    """What is compared: `ＡＢＣ江門` → `abc江门`."""
    return unicodedata.normalize("NFKC", text).casefold().translate(_simplified())


def _kind(character: str) -> Kind:
    if not character.isalnum():
        return "break"
    return "wide" if ord(character) >= _FIRST_WIDE else "word"


def _runs(folded: str) -> Iterator[tuple[Kind, str]]:
    """Words, and ideographs with the punctuation between them dropped."""
    wide = ""
    for kind, group in groupby(folded, _kind):
        if kind == "wide":
            wide += "".join(group)
        elif kind == "word":
            if wide:
                yield "wide", wide
                wide = ""
            yield "word", "".join(group)
    if wide:
        yield "wide", wide


def _whole(folded: str) -> str:
    return "".join(character for character in folded if character.isalnum())


def lexemes(title: str | None, others: Iterable[str | None] = ()) -> list[str]:
    """The lexemes of a record, sorted, each once."""
    found: set[str] = set()
    for mark, text in (("^", title), *(("=", other) for other in others)):
        if not text:
            continue
        folded = fold(text)
        whole = _whole(folded)
        runs = list(_runs(folded))
        its_own_whole = mark == "=" and len(runs) == 1 and _is_code(whole)
        if 0 < len(whole) <= _LONGEST_WHOLE and not its_own_whole:
            found.add(mark + whole)
        for kind, run in runs:
            if kind == "wide":
                found.update(run[place : place + 2] for place in range(len(run)))
                continue
            found.add(run[:_LONGEST_WORD])
            if len(run) == _CREDIT_CODE:
                found.add(run[_ITS_ORGANISATION_CODE:])
    return sorted(found)


@dataclass(frozen=True, slots=True)
class Question:
    """What somebody typed, as the texts of tsqueries; `terms` are its parts, folded.

    Spaces separate terms and all must be found, each anywhere in the record. `exact` is found by records one of
    whose fields is the whole question, `prefix` by those whose title begins with it; both are part of `match`.
    """

    match: str
    exact: str
    prefix: str
    terms: tuple[str, ...]


@lru_cache(maxsize=1024)
def question(text: str) -> Question | None:
    """Read a question; None when it has no letter and no digit, which no record answers."""
    folded = fold(text)
    needed: dict[str, None] = {}
    for term in folded.split():
        for kind, run in _runs(term):
            if kind == "word":
                needed[f"'{run[:_LONGEST_WORD]}':*"] = None
            elif len(run) == 1:
                needed[f"'{run}':*"] = None
            else:
                needed.update((f"'{run[place : place + 2]}'", None) for place in _places(run))
    if not needed:
        return None
    # Letters and digits alone remain after folding, so that nothing needs quoting within the quotes.
    whole = _whole(folded)
    exact = f"'^{whole}' | '={whole}' | '{whole}'" if _is_code(whole) else f"'^{whole}' | '={whole}'"
    return Question(" & ".join(needed), exact, f"'^{whole}':*", tuple(folded.split()))


def _places(run: str) -> Iterable[int]:
    """Where pairs are taken from a run: everywhere, of a long one side by side, which finds the same and costs half."""
    last = len(run) - 2
    return range(last + 1) if len(run) <= _LONG else dict.fromkeys([*range(0, last, 2), last])


def _is_code(whole: str) -> bool:
    """One long word, which no other text holds by chance."""
    return len(whole) >= _SHORTEST_CODE and all(_kind(character) == "word" for character in whole)
