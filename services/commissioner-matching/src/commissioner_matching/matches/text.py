"""The lexical half of matching 文本匹配: TF-IDF over characters for Chinese and words for Latin text.

Terms are single Han characters, pairs of neighbouring ones, Latin words and pairs of neighbouring ones: this beat
word segmentation on sparse profiles and needs no dictionary, so new terms, drug and crop names count at once. A
work (paper, patent, project, service record, or a profile's own text) is a unit vector of
(1 + ln tf) · idf, idf = ln((1+N)/(1+df)) + 1. The index keeps postings by term, in plain numpy arrays: a need touches the postings of its own terms only.

Cosines are turned into z values with a mean and deviation of the whole corpus, fixed when the index is built:
scores of different needs can then meet in one objective, and can be added to a second half (`semantic.py`).
"""

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_RUN: Final = re.compile(
    r"([\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff]+)|([a-z0-9]+(?:[-+.#][a-z0-9]+)*)"
)
_CALIBRATION_WORKS: Final = 200
_SMALLEST_DEVIATION: Final = 1e-6  # of a corpus in which nothing resembles anything


@dataclass(frozen=True, slots=True)
class Work:
    """A text that shows what a person can do."""

    id: str
    person: str
    text: str


def terms(text: str) -> list[str]:
    """The terms of a text in order, repeats included; full-width letters, capitals and ligatures are folded."""
    found: list[str] = []
    words: list[str] = []
    for run in _RUN.finditer(unicodedata.normalize("NFKC", text).casefold()):
        han, word = run.groups()
        if han:
            found += han
            found += (first + second for first, second in pairwise(han))
            words.append("")  # words on both sides of Chinese are no neighbours
        else:
            found.append(word)
            words.append(word)
    found += (f"{first} {second}" for first, second in pairwise(words) if first and second)
    return found


def summed(at: Integers, values: Floats, size: int) -> Floats:
    """Array of `size` with the sums of `values` at their positions."""
    return np.asarray(np.bincount(at, weights=values, minlength=size), dtype=np.float64)


@dataclass(frozen=True, slots=True)
class Query:
    """A need as a unit vector over the terms that the index knows."""

    term_ids: Integers
    weights: Floats


@dataclass(frozen=True, slots=True)
class Calibration:
    """Mean and deviation of the similarity of two works of different persons, over the corpus."""

    mean: float
    deviation: float

    def z(self, similarities: Floats) -> Floats:
        """Similarities in deviations from the corpus mean."""
        return (similarities - self.mean) / self.deviation


def calibrate(rows: Iterable[tuple[int, Floats]], work_person: Integers) -> Calibration:
    """From (work, its similarities to all works), leaving out the works of the same person."""
    count, total, squares = 0, 0.0, 0.0
    for work, similarities in rows:
        others = similarities[work_person != work_person[work]]
        count += others.size
        total += float(others.sum())
        squares += float(others @ others)
    if not count:
        return Calibration(0.0, 1.0)
    mean = total / count
    return Calibration(mean, max(math.sqrt(max(squares / count - mean * mean, 0.0)), _SMALLEST_DEVIATION))


def calibration_sample(size: int) -> list[int]:
    """Works at even distances: no randomness, the same corpus gives the same calibration."""
    step = max(1, size // _CALIBRATION_WORKS)
    return list(range(0, size, step))


@dataclass(frozen=True, slots=True, eq=False)
class TextIndex:
    """Immutable; built once, used by many needs. Works are ordered by person, then id.

    `posting_starts[t]:posting_starts[t+1]` is the slice of `posting_works` (ascending) and `posting_weights` for
    term t; `person_starts[p]:person_starts[p+1]` are the works of person p.
    """

    works: tuple[str, ...]
    persons: tuple[str, ...]
    work_person: Integers
    person_starts: Integers
    vocabulary: dict[str, int]
    term_names: tuple[str, ...]
    idf: Floats
    posting_starts: Integers
    posting_works: Integers
    posting_weights: Floats
    calibration: Calibration

    @classmethod
    def build(cls, works: Iterable[Work]) -> "TextIndex":
        """Indexes all works; the order in which they are given does not matter."""
        ordered = sorted(works, key=lambda work: (work.person, work.id))
        vocabulary: dict[str, int] = {}
        columns: list[int] = []
        frequencies: list[int] = []
        lengths: list[int] = []
        for work in ordered:
            counted = Counter(terms(work.text))
            columns += (vocabulary.setdefault(term, len(vocabulary)) for term in counted)
            frequencies += counted.values()
            lengths.append(len(counted))
        column = np.array(columns, dtype=np.int64)
        row = np.repeat(np.arange(len(ordered), dtype=np.int64), lengths)
        in_works = np.bincount(column, minlength=len(vocabulary)).astype(np.int64)
        idf = np.log((1 + len(ordered)) / (1 + in_works)) + 1
        weight = (1 + np.log(np.array(frequencies, dtype=np.float64))) * idf[column]
        norm = np.sqrt(summed(row, weight * weight, len(ordered)))
        weight /= norm[row]
        by_term = np.argsort(column, kind="stable")  # keeps works ascending within a term
        persons = sorted({work.person for work in ordered})
        place = {person: position for position, person in enumerate(persons)}
        work_person = np.array([place[work.person] for work in ordered], dtype=np.int64)
        index = cls(
            works=tuple(work.id for work in ordered),
            persons=tuple(persons),
            work_person=work_person,
            person_starts=np.searchsorted(work_person, np.arange(len(persons) + 1)).astype(np.int64),
            vocabulary=vocabulary,
            term_names=tuple(vocabulary),
            idf=idf,
            posting_starts=np.concatenate([np.zeros(1, np.int64), np.cumsum(in_works)]),
            posting_works=row[by_term],
            posting_weights=weight[by_term],
            calibration=Calibration(0.0, 1.0),
        )
        sample = calibration_sample(len(ordered))
        rows = ((work, index.cosines(index.query(ordered[work].text))) for work in sample)
        calibration = calibrate(rows, work_person)
        return cls(**{name: getattr(index, name) for name in cls.__slots__} | {"calibration": calibration})

    def query(self, text: str) -> Query:
        """The need's vector; terms that no work has cannot match anything and count in its length only."""
        counted = Counter(terms(text))
        unknown_idf = math.log(1 + len(self.works)) + 1
        known: list[tuple[int, float]] = []
        squares = 0.0
        for term, frequency in sorted(counted.items()):
            term_id = self.vocabulary.get(term)
            weight = (1 + math.log(frequency)) * (
                unknown_idf if term_id is None else float(self.idf[term_id])
            )
            squares += weight * weight
            if term_id is not None:
                known.append((term_id, weight))
        length = math.sqrt(squares) or 1.0
        return Query(
            np.array([term_id for term_id, _ in known], dtype=np.int64),
            np.array([weight / length for _, weight in known], dtype=np.float64),
        )

    def cosines(self, query: Query) -> Floats:
        """The cosine of every work with the need."""
        starts, ends = self.posting_starts[query.term_ids], self.posting_starts[query.term_ids + 1]
        slices = [slice(start, end) for start, end in zip(starts.tolist(), ends.tolist(), strict=True)]
        if not slices:
            return np.zeros(len(self.works))
        touched = np.concatenate([self.posting_works[each] for each in slices])
        products = np.concatenate([self.posting_weights[each] for each in slices])
        products *= np.repeat(query.weights, ends - starts)
        return summed(touched, products, len(self.works))

    def term_products(self, query: Query, works: Sequence[int]) -> Floats:
        """Array (term of the query, work): what each shared term adds to each work's cosine."""
        asked = np.array(works, dtype=np.int64)
        products = np.zeros((query.term_ids.size, asked.size))
        for line, term_id in enumerate(query.term_ids.tolist()):
            start, end = int(self.posting_starts[term_id]), int(self.posting_starts[term_id + 1])
            holders = self.posting_works[start:end]
            found = np.searchsorted(holders, asked)
            hit = (found < holders.size) & (holders[np.minimum(found, holders.size - 1)] == asked)
            products[line, hit] = self.posting_weights[start + found[hit]] * query.weights[line]
        return products


def work_shares(index: TextIndex, work_values: Floats, *, blend: float, best: int = 3) -> Floats:
    """How much each work counts in its person's value: mean of all blended with the mean of the best three.

    The shares of a person's works add up to 1, so Σ share · value is the person's value, and every work's and every
    term's part of it can be told. Among equal works the earlier id is the better.
    """
    if not work_values.size:
        return np.zeros(0)
    counts = np.diff(index.person_starts)
    order = np.lexsort((-work_values, index.work_person))
    place_in_person = np.arange(order.size) - np.repeat(index.person_starts[:-1], counts)
    is_best = np.zeros(order.size, dtype=bool)
    is_best[order[place_in_person < best]] = True
    each_count = counts[index.work_person]
    return (1 - blend) / each_count + blend * is_best / np.minimum(each_count, best)
