"""A portrait: its states, who sees it, and the digest of what it was made from."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Machine, verb
from kechuang.text import Text

STATES = {"current": Text("有效", "Current")}
GROUPS = {
    "industry_scale": Text("同行业大类、同规模企业", "Enterprises of the same industry division and size"),
    "industry": Text(
        "同行业大类企业（同规模不足五家）", "Enterprises of the same industry division (widened)"
    ),
    "scale": Text("同规模企业（同行业不足五家）", "Enterprises of the same size (widened)"),
    "city": Text("全市企业（同行业、同规模均不足五家）", "All enterprises of the city (widened)"),
    "none": Text("可比企业不足五家，不计算排位", "Fewer than five to compare with: no percentiles"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Portrait(Record):
    """Scores of an enterprise at the end of `as_of` by one model. Scores and percentiles are numbers of 0 to 100.

    `peer_group`: {basis, industry, scale, peers}. `dimensions` hold score, bounds, percentile, median of the peers
    and the indicators with value, sources and what is unknown. `change` compares with the portrait before this
    one. `digest` is SHA-256 over everything that went in: the same data make the same portrait.
    """

    as_of: date
    model: str
    model_code: str
    edition: int
    total: float | None
    low: float
    high: float
    coverage: float
    percentile: float | None
    median: float | None
    peer_group: Mapping[str, Any]
    dimensions: Sequence[Mapping[str, Any]]
    change: Mapping[str, Any] | None
    digest: str


MACHINE = Machine(
    "portraits",
    STATES,
    "current",
    (verb("rebuild", "重新生成", "Rebuild", from_="current"),),
)


def sight(portrait: Portrait) -> Iterable[str]:
    """The enterprise itself and the officers of its place; nobody sees another's."""
    yield from access.owner(portrait.organisation)
    yield from access.place(portrait.city, portrait.division, *portrait.zones)


def digest_of(content: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()


def change_since(
    before: Portrait | None, dimensions: Sequence[Mapping[str, Any]], total: float | None, model: str
) -> dict[str, Any] | None:
    """What moved since the portrait before; differences only where the model is the same and both are known."""
    if before is None:
        return None
    same = before.model == model
    earlier = {each["code"]: each["score"] for each in before.dimensions}

    def moved(now: float | None, then: float | None) -> float | None:
        return round(now - then, 2) if same and now is not None and then is not None else None

    return {
        "since": {"id": before.id, "number": before.number, "label": before.as_of.isoformat()},
        "as_of": before.as_of.isoformat(),
        "same_model": same,
        "total": moved(total, before.total),
        "dimensions": [
            {"code": each["code"], "change": moved(each["score"], earlier.get(each["code"]))}
            for each in dimensions
        ],
    }
