"""All packs of a folder, immutable, by id and version: what the services ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from kechuang_packs.checks import check_all, check_one
from kechuang_packs.models.conditions import Rule
from kechuang_packs.models.facts import Classification, FactDefinition
from kechuang_packs.models.ladder import Node
from kechuang_packs.models.pack import Pack
from kechuang_packs.reading import ReadPack, read_pack, read_texts
from kechuang_packs.source import Fault, PackError, read_fast, read_yaml
from kechuang_packs.visibility import Visible, canonical_node, version_key, visible_from

PackKey = tuple[str, str]
"""(pack id, version)"""


class ContentChangedError(Exception):
    """A version that is already known has other content now; a change needs a new version number."""


class Packs:
    """The loaded packs. Build it with `load_packs`."""

    def __init__(self, packs: Mapping[PackKey, Pack], digests: Mapping[PackKey, str]) -> None:
        self._packs: Mapping[PackKey, Pack] = MappingProxyType(dict(packs))
        self.digests: Mapping[PackKey, str] = MappingProxyType(dict(digests))
        self._visible: dict[PackKey, Visible] = {}
        self._canonical: dict[tuple[PackKey, str], str] = {}

    def __iter__(self) -> Iterator[Pack]:
        return iter(self._packs.values())

    def versions(self, pack_id: str) -> tuple[Pack, ...]:
        """All versions of a pack, the earliest first; empty for an unknown pack."""
        found = [pack for (id_, _), pack in self._packs.items() if id_ == pack_id]
        return tuple(sorted(found, key=lambda pack: version_key(pack.version)))

    def version(self, pack_id: str, version: str) -> Pack:
        """Exactly this version; KeyError when it is not there."""
        return self._packs[pack_id, version]

    def in_force(self, pack_id: str, on: dt.date) -> Pack | None:
        """The greatest version in force on the day."""
        matching = [
            pack
            for pack in self.versions(pack_id)
            if pack.header.in_force_from <= on
            and (pack.header.in_force_to is None or on <= pack.header.in_force_to)
        ]
        return matching[-1] if matching else None

    def visible(self, pack: Pack) -> Visible:
        """The pack and those it refers to: facts, nodes, code lists, periods, forms by key."""
        key = (pack.id, pack.version)
        if key not in self._visible:
            self._visible[key] = visible_from(pack, self._packs)
        return self._visible[key]

    def facts(self, pack: Pack) -> Mapping[str, FactDefinition | Classification]:
        """Every fact that rules of the pack may name, aliases not included."""
        return self.visible(pack).facts

    def node(self, pack: Pack, ref: str) -> tuple[Pack, Node]:
        """The node behind a reference (`code` or `pack-id/code`), `same_as` not followed."""
        return self.visible(pack).node(ref)

    def canonical(self, pack: Pack, ref: str) -> str:
        """The one name, `pack-id/code`, under which recognitions of this node are kept: `same_as` followed."""
        key = ((pack.id, pack.version), ref)
        if key not in self._canonical:
            self._canonical[key] = canonical_node(self.visible, pack, ref)
        return self._canonical[key]

    def rule(
        self,
        pack: Pack,
        ref: str,
        on: dt.date,
        occasion: Literal["first", "review"] = "first",
    ) -> tuple[Pack, Rule] | None:
        """The rule that decides the node on the day, with its pack; transition rules of a new version are applied."""
        pack_id, code = self.canonical(pack, ref).split("/")
        owner = next(p for p in self.visible(pack).packs if p.id == pack_id)
        versions = sorted((r for r in owner.rules if r.node == code), key=lambda r: r.in_force_from)
        current = [
            r for r in versions if r.in_force_from <= on and (r.in_force_to is None or on <= r.in_force_to)
        ]
        if not current:
            return None
        rule = current[-1]
        until = (
            rule.transition.reviews_under_previous_until
            if occasion == "review"
            else rule.transition.applications_under_previous_until
        )
        earlier = [r for r in versions if r.in_force_from < rule.in_force_from]
        return (owner, earlier[-1]) if until is not None and on <= until and earlier else (owner, rule)

    def with_draft(self, files: Mapping[str, str]) -> tuple[Packs, Pack]:
        """These packs and one version more, read from texts by file name (`pack.yaml`, `rules/x.yaml`).

        Neither these packs nor any folder is changed. PackError lists every fault of the draft, with file and
        line; a version that is here already is one.
        """
        item = read_texts(files)
        key = (item.pack.id, item.pack.version)
        if key in self._packs:
            raise PackError([item.fault(("header", "version"), f"{key[0]} has a version {key[1]} already")])
        packs = {**self._packs, key: item.pack}
        faults = check_one(item, packs)
        if faults:
            raise PackError(faults)
        return Packs(packs, {**self.digests, key: item.digest}), item.pack

    def check_digests(self, stored: Mapping[PackKey, str]) -> None:
        """Refuse content that differs from what was stored under the same id and version (ContentChangedError)."""
        changed = [
            key for key, digest in stored.items() if key in self.digests and self.digests[key] != digest
        ]
        if changed:
            names = ", ".join(f"{pack_id} {version}" for pack_id, version in sorted(changed))
            raise ContentChangedError(f"changed without a new version number: {names}")


def load_packs(folder: Path) -> Packs:
    """Read and check every pack below the folder (each folder with a pack.yaml). PackError lists all faults."""
    roots = sorted(path.parent for path in folder.rglob("pack.yaml"))
    if not roots:
        raise PackError([Fault(str(folder), 1, "no pack.yaml here or below")])
    return load_folders(roots, folder)


def load_folders(roots: Sequence[Path], folder: Path) -> Packs:
    """Read and check these pack folders together; they must contain every pack that they refer to.

    Every process of every service does this at its start, so it is tried without positions first; only
    packs with a fault are read again in order to say in which line it is.
    """
    try:
        return _load(roots, folder, read_fast)
    except PackError:
        return _load(roots, folder, read_yaml)


def _load(roots: Sequence[Path], folder: Path, read_with: Callable[[Path, str], Any]) -> Packs:
    read: dict[PackKey, ReadPack] = {}
    faults: list[Fault] = []
    for root in roots:
        try:
            item = read_pack(root, _shown(root, folder), read_with)
        except PackError as error:
            faults += error.faults
            continue
        key = (item.pack.id, item.pack.version)
        if key in read:
            faults.append(item.fault(("header", "version"), f"also in {read[key].root}"))
        read[key] = item
    if not faults:
        faults = check_all(read)
    if faults:
        raise PackError(faults)
    return Packs(
        {key: item.pack for key, item in read.items()}, {key: item.digest for key, item in read.items()}
    )


def _shown(root: Path, folder: Path) -> str:
    return (
        folder.as_posix() if root == folder else f"{folder.as_posix()}/{root.relative_to(folder).as_posix()}"
    )
