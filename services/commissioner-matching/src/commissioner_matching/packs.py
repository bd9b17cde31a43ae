"""The commissioner programmes of the loaded policy packs."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from kechuang.db.engines import Database
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang_packs.models.programmes import CommissionerProgramme
from kechuang_packs.packs import Packs, load_packs


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme (科技特派员计划) as one version of a city's pack states it."""

    pack: str
    version: str
    city: str
    rules: CommissionerProgramme

    @property
    def id(self) -> str:
        """Its address: `<pack>.<code>`."""
        return f"{self.pack}.{self.rules.code}"

    @property
    def made_under(self) -> str:
        """What a record that follows these rules says of them."""
        return f"{self.pack}@{self.version}"

    @property
    def targets_per_server(self) -> int | None:
        """How many targets one server may have at once; None for no limit."""
        limits = self.rules.cardinality
        return 1 if limits.one_to_one else limits.targets_per_server

    @property
    def servers_per_target(self) -> int | None:
        """How many servers one target may have at once; None for no limit."""
        limits = self.rules.cardinality
        return 1 if limits.one_to_one else limits.servers_per_target


@lru_cache(maxsize=4)
def _load(folder: str) -> Packs | None:
    return load_packs(Path(folder)) if folder else None


async def load_at_start(database: Database) -> None:
    """Read the packs when the process starts: a broken pack stops it there and not at a request."""
    _load(database.settings.packs_dir)


def loaded(unit: ReadUnit | UnitOfWork) -> Packs | None:
    """Give the packs of this process; None when none are configured."""
    return _load(unit.database.settings.packs_dir)


def programmes(unit: ReadUnit | UnitOfWork, on: date | None = None) -> list[Programme]:
    """Give all programmes in force on a day (today), in the order of their ids."""
    packs, day = loaded(unit), on or unit.today
    found = []
    for name in sorted({pack.id for pack in packs or ()}):
        pack = packs.in_force(name, day) if packs else None
        if pack is None or pack.header.area is None:
            continue
        found += [
            Programme(pack.id, pack.version, pack.header.area, each) for each in pack.commissioners.programmes
        ]
    return found


def find_programme(unit: ReadUnit | UnitOfWork, city: str | None, code: str) -> Programme | None:
    """Give a city's programme by code, or None."""
    return next((each for each in programmes(unit) if each.city == city and each.rules.code == code), None)


def require_programme(unit: ReadUnit | UnitOfWork, city: str | None, code: str, pointer: str) -> Programme:
    """Give a city's programme, or refuse the field that names it."""
    found = find_programme(unit, city, code)
    if found is None:
        known = "、".join(each.rules.code for each in programmes(unit) if each.city == city)
        raise invalid(
            pointer, "programme_unknown",
            f"该市现行政策包中没有此特派员计划；可选：{known or '无'}。",
            f"The city's pack has no such programme in force; there are: {known or 'none'}.",
        )  # fmt: skip
    return found
