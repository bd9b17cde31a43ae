"""The loaded policy packs, read into the catalogue once a process."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from indicators.catalogue.domain import Indicator, catalogue_of
from kechuang.db.engines import Database
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang_packs.models.pack import Pack
from kechuang_packs.packs import Packs, load_packs


@dataclass(frozen=True)
class CityPack:
    """One pack version of a city with its indicators by code."""

    pack: Pack
    indicators: dict[str, Indicator]


class Catalogue:
    """Every city pack, by version."""

    def __init__(self, packs: Packs | None) -> None:
        self._packs = packs
        self._read = {
            (pack.id, pack.version): CityPack(pack, catalogue_of(packs, pack))
            for pack in packs or ()
            if packs is not None and pack.header.area is not None
        }

    def on(self, day: date) -> list[CityPack]:
        """Give each city pack in the version that is in force on a day, or, before and after, the nearest."""
        assert self._packs is not None or not self._read
        found = []
        for name in sorted({pack_id for pack_id, _ in self._read}):
            assert self._packs is not None
            versions = self._packs.versions(name)
            begun = [each for each in versions if each.header.in_force_from <= day]
            pack = self._packs.in_force(name, day) or (begun[-1] if begun else versions[0])
            found.append(self._read[name, pack.version])
        return found

    def of_area(self, area: str, day: date) -> list[CityPack]:
        """Give the packs that know an area: as their city, a county or a zone of it."""
        return [
            each
            for each in self.on(day)
            if area == each.pack.header.area or any(area == one.id for one in each.pack.areas.areas)
        ]

    def find(self, key: str, day: date) -> tuple[CityPack, Indicator] | None:
        """Find an indicator by `<pack>.<code>`."""
        pack_id, _, code = key.rpartition(".")
        for each in self.on(day):
            if each.pack.id == pack_id and code in each.indicators:
                return each, each.indicators[code]
        return None


@lru_cache(maxsize=4)
def load(folder: str) -> Catalogue:
    """Read a folder of packs; an empty name is no packs."""
    return Catalogue(load_packs(Path(folder)) if folder else None)


async def load_at_start(database: Database) -> None:
    """Read the packs when the process starts: a broken pack stops it there and not at a request."""
    load(database.settings.packs_dir)


def catalogue(unit: ReadUnit | UnitOfWork) -> Catalogue:
    """Give the catalogue of this process."""
    return load(unit.database.settings.packs_dir)
