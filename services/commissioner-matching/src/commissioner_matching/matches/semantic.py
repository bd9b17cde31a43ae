"""The semantic half 语义匹配: any sentence embedding behind one small interface; "none" is a valid setting.

Without an embedder the lexical half works alone. With one, its cosines become z values over the same corpus
and are added work by work, as measured best; a model's likes for one language are not corrected here, which is why
structured terms carry what must be comparable across languages.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from commissioner_matching.matches.text import (
    Calibration,
    Floats,
    TextIndex,
    Work,
    calibrate,
    calibration_sample,
)


class Embedder(Protocol):
    """A sentence embedding; `name` with version goes into every result."""

    name: str

    def embed(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Array (text, dimension); rows need not have unit length."""
        ...


def _unit(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    length = np.linalg.norm(rows, axis=1, keepdims=True)
    return np.asarray(rows / np.where(length > 0, length, 1), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class SemanticIndex:
    """Unit vectors of the works of a `TextIndex`, in its order."""

    embedder: Embedder
    vectors: NDArray[np.float32]
    calibration: Calibration

    @classmethod
    def build(cls, embedder: Embedder, index: TextIndex, works: Iterable[Work]) -> "SemanticIndex":
        """Embeds the same works that `index` was built from; ValueError when they are not."""
        ordered = sorted(works, key=lambda work: (work.person, work.id))
        if tuple(work.id for work in ordered) != index.works:
            raise ValueError("both halves index the same works")
        vectors = _unit(embedder.embed([work.text for work in ordered]))
        rows = (
            (work, (vectors @ vectors[work]).astype(np.float64)) for work in calibration_sample(len(ordered))
        )
        return cls(embedder, vectors, calibrate(rows, index.work_person))

    def cosines(self, text: str) -> Floats:
        """The cosine of every work with the need."""
        return np.asarray(self.vectors @ _unit(self.embedder.embed([text]))[0], dtype=np.float64)
