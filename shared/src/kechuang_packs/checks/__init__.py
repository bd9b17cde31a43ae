"""What the parts of a pack must say to each other. Each module yields `(path, message)`; here they get file and line."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from kechuang_packs.checks import (
    benefits,
    facts,
    figures,
    forms,
    places,
    references,
    registers,
    rules,
    scoring,
)
from kechuang_packs.models.pack import Pack
from kechuang_packs.reading import Path_, ReadPack
from kechuang_packs.source import Fault
from kechuang_packs.visibility import Visible, visible_from

Check = Callable[[Pack, Visible], Iterator[tuple[Path_, str]]]

CHECKS: tuple[Check, ...] = (
    references.duplicates,
    references.references,
    references.ladder_cycles,
    places.areas,
    facts.definitions,
    facts.classifications,
    rules.conditions,
    rules.versions,
    rules.scoring_models,
    scoring.scoring,
    figures.indicators,
    figures.sums,
    forms.forms,
    figures.dates,
    benefits.benefits,
    registers.kinds,
)


def check_all(read: Mapping[tuple[str, str], ReadPack]) -> list[Fault]:
    """All faults of all packs."""
    packs = {key: item.pack for key, item in read.items()}
    return [fault for item in read.values() for fault in check_one(item, packs)]


def check_one(item: ReadPack, packs: Mapping[tuple[str, str], Pack]) -> list[Fault]:
    """All faults of one pack among these packs, itself one of them."""
    faults: list[Fault] = []
    for index, reference in enumerate(item.pack.header.refers_to):
        if (reference.pack, reference.version) not in packs:
            message = f"no pack {reference.pack} of version {reference.version}"
            faults.append(item.fault(("header", "refers_to", index), message))
    visible = visible_from(item.pack, packs)
    for check in CHECKS:
        faults += [item.fault(path, message) for path, message in check(item.pack, visible)]
    return faults
