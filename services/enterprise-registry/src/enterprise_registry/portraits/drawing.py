"""A portrait as it is stored: scores with their sources, what is unknown, who was compared with."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from enterprise_registry.ladders.factbase import FactRef
from enterprise_registry.policy.facts import shown
from enterprise_registry.portraits.domain import digest_of
from enterprise_registry.portraits.engine import (
    Indicator,
    Known,
    Mark,
    Measure,
    Model,
    Sheet,
    marks,
    sheet_of,
)
from enterprise_registry.portraits.population import PeerGroup
from enterprise_registry.portraits.standing import FEWEST_PEERS, Group, Place


def number(hundredths: int | None) -> float | None:
    """A score or percentage with two places."""
    return None if hundredths is None else hundredths / 100


def basis(group: PeerGroup, peers: int) -> dict[str, Any]:
    """Name the group that was compared with; `peers` are the others in it of whom something is known."""
    name = {
        (True, True): "industry_scale",
        (True, False): "industry",
        (False, True): "scale",
        (False, False): "city",
    }
    if peers < FEWEST_PEERS:
        return {"basis": "none", "industry": None, "scale": None, "peers": peers}
    code = name[group.industry is not None, group.scale is not None]
    return {"basis": code, "industry": group.industry, "scale": group.scale, "peers": peers}


def draw(
    model: Model, known: Known, group: PeerGroup, sheets: Sequence[Sheet], *, model_id: str, as_of: date
) -> dict[str, Any]:
    """Make the columns of a portrait. `sheets` are the group's, the organisation's own not needed among them."""
    found = marks(model, known)
    own = sheet_of(model, known.organisation, found)
    others = [each for each in sheets if each.organisation != known.organisation and each.known]
    standing = Group(model, [*others, own]).standing(known.organisation)
    at, dimensions = 0, []
    for dimension, place in zip(model.dimensions, standing.dimensions, strict=True):
        lines = []
        for indicator in dimension.indicators:
            lines.append(_indicator(indicator, found[at], standing.indicators[at]))
            at += 1
        dimensions.append(
            {"code": dimension.code, "name_zh": dimension.name["zh"], "name_en": dimension.name["en"],
             "weight": number(dimension.weight), **_placed(place), "indicators": lines}
        )  # fmt: skip
    compared = basis(group, len(others))
    peers = sorted((each.organisation, each.readings) for each in others)
    total = _placed(standing.total)
    total["total"] = total.pop("score")
    return {
        **total,
        "peer_group": compared,
        "dimensions": dimensions,
        "digest": digest_of(
            {
                "as_of": as_of.isoformat(),
                "model": model_id,
                "own": dimensions,
                "group": compared,
                "peers": peers,
            }
        ),
    }


def _placed(place: Place) -> dict[str, Any]:
    score = place.score
    return {
        "score": number(score.value), "low": number(score.low), "high": number(score.high),
        "coverage": number(score.coverage), "percentile": number(place.percentile), "median": number(place.median),
    }  # fmt: skip


def _indicator(indicator: Indicator, found: Sequence[Mark], score: int | None) -> dict[str, Any]:
    unknown = sorted({ref for mark in found for ref in mark.missing}, key=str)
    measures = [
        {
            "source": measure.kind, "what": measure.what or min(measure.nodes),
            "value": None if mark.value is None else shown(measure.unit, mark.value),
            "unit": measure.unit.value, "score": number(mark.score),
            "unknown": [_ref(each) for each in mark.missing],
            "sources": [
                {"kind": one.kind, "id": one.id, "number": one.number, "label": one.label} for one in mark.origins
            ],
        }
        for measure, mark in zip(indicator.measures, found, strict=True)
    ]  # fmt: skip
    return {
        "code": indicator.code, "name_zh": indicator.name["zh"], "name_en": indicator.name["en"],
        "weight": number(indicator.weight), "score": number(score), "state": _state(indicator.measures, found, score),
        "unknown": [_ref(each) for each in unknown] if score is None else [],
        "measures": measures,
    }  # fmt: skip


def _state(measures: Sequence[Measure], found: Sequence[Mark], score: int | None) -> str:
    """`scored`; `unknown` when facts are missing; `too_few_peers` when only peers could tell and there are not five."""
    if score is not None:
        return "scored"
    waits = any(
        measure.percentile and mark.value is not None for measure, mark in zip(measures, found, strict=True)
    )
    return "too_few_peers" if waits else "unknown"


def _ref(ref: FactRef) -> dict[str, Any]:
    return {"fact": ref[0], "year": ref[1]}
