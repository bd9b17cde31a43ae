"""Areas: codes, parents, the pack's own area."""

from __future__ import annotations

from collections.abc import Iterator

from kechuang_packs.checks.references import find_cycle
from kechuang_packs.models.pack import Pack
from kechuang_packs.reading import Path_
from kechuang_packs.visibility import Visible


def areas(pack: Pack, visible: Visible) -> Iterator[tuple[Path_, str]]:
    """The pack's area exists; a GB/T 2260 code is the id; every area but the top has a parent; no circles."""
    own = pack.header.area
    if own is not None and own not in visible.areas:
        yield ("header", "area"), f"no area {own} in areas.yaml"
    graph: dict[str, set[str]] = {}
    for index, area in enumerate(pack.areas.areas):
        path: Path_ = ("areas", "areas", index)
        graph[area.id] = set(area.parents)
        if area.gbt2260 is not None and area.id != area.gbt2260:
            yield (*path, "id"), f"the id of an area with a GB/T 2260 code is that code ({area.gbt2260})"
        if area.id.isdigit() and area.gbt2260 is None:
            yield (*path, "id"), "an id of digits is a GB/T 2260 code and stands in gbt2260 too"
        if area.kind not in ("province", "city", "outside", "unit_class") and not area.parents:
            yield path, f"{area.id} has no parents"
        if area.kind == "county" and area.reports == "overlay":
            yield (*path, "reports"), "a county adds up to the city; only zones are an overlay"
        if area.valid_from and area.valid_to and area.valid_to < area.valid_from:
            yield (*path, "valid_to"), "valid_to lies before valid_from"
    cycle = find_cycle(graph)
    if cycle:
        yield ("areas", "areas"), f"parents go in a circle: {' → '.join(cycle)}"
