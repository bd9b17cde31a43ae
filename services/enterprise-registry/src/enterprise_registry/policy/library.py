"""The loaded packs and the questions this service has for them.

Packs do not change while a process runs: they are read once per folder. A decision records `stamp(pack)`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from kechuang.calendar import Period
from kechuang.db.engines import Database
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import FieldError, Invalid, NotFound, Unavailable, invalid
from kechuang.text import Text
from kechuang_packs import Pack, Packs, load_packs
from kechuang_packs.models.areas import Area
from kechuang_packs.models.content import FormDefinition
from kechuang_packs.models.ladder import Node, Validity
from kechuang_packs.visibility import UnknownReferenceError, version_key

OUTSIDE = "outside"
_DEFAULT_NOTICE = Period(5, kind="working")  # product default where the pack names no period


@dataclass(frozen=True, slots=True)
class Place:
    """Where an organisation lies: its city, its one division, its zones."""

    city: str
    division: str
    zones: tuple[str, ...]


@lru_cache(maxsize=8)
def _load(folder: str) -> "Library":
    return Library(load_packs(Path(folder)))


async def read_packs(database: Database) -> None:
    """Read the packs when the process starts, so that a fault in one stops it there and not in a request."""
    if database.settings.packs_dir:
        _load(database.settings.packs_dir)


def library(unit: ReadUnit | UnitOfWork) -> "Library":
    """Give the packs of this process; refuses with 503 when none are configured."""
    folder = unit.database.settings.packs_dir
    if not folder:
        raise Unavailable(Text("未配置政策包。", "No policy packs are configured."), retry_after=60)
    return _load(folder)


def stamp(pack: Pack) -> str:
    """Name a version as decisions record it: `jiangmen-2023@2023.1`."""
    return f"{pack.id}@{pack.version}"


class Library:
    """All packs, asked by city and day."""

    def __init__(self, packs: Packs) -> None:
        self.packs = packs

    # -- which pack ----------------------------------------------------------------------------

    def city_pack(self, city: str | None, on: date) -> Pack | None:
        """Give the city's version in force on the day, else its earliest (a plan binds from its issue)."""
        ids = sorted({pack.id for pack in self.packs if pack.header.area == city and city is not None})
        found = [pack for each in ids if (pack := self.packs.in_force(each, on)) is not None]
        if found:
            return max(found, key=lambda pack: pack.header.in_force_from)
        return next((self.packs.versions(each)[0] for each in ids), None)

    def require_city_pack(self, city: str | None, on: date, pointer: str = "/city") -> Pack:
        """Give the city's pack or refuse the field that led to the city."""
        pack = self.city_pack(city, on)
        if pack is None:
            raise invalid(pointer, "city_unknown", "没有该城市的政策包。", "No policy pack covers this city.")
        return pack

    def stamped(self, text: str) -> Pack:
        """Give the version that a decision was made under."""
        pack_id, _, version = text.partition("@")
        try:
            return self.packs.version(pack_id, version)
        except KeyError:
            raise NotFound(Text("没有该政策包版本。", "There is no such pack version.")) from None

    def latest(self) -> Iterable[Pack]:
        """Give the latest version of each pack, by id."""
        for pack_id in sorted({pack.id for pack in self.packs}):
            yield max(self.packs.versions(pack_id), key=lambda pack: version_key(pack.version))

    # -- places --------------------------------------------------------------------------------

    def areas(self) -> Mapping[str, tuple[str | None, Area]]:
        """All areas by id, each with the city of the pack that states it."""
        found: dict[str, tuple[str | None, Area]] = {}
        for pack in self.latest():
            for area in pack.areas.areas:
                found.setdefault(area.id, (pack.header.area, area))
        return found

    def place(self, division: str, city: str | None, zones: Sequence[str]) -> Place:
        """Check a division with its zones and find its city; all faults at once."""
        areas = self.areas()
        errors: list[FieldError] = []
        found_city: str | None = city
        if division == OUTSIDE:
            if city is None or city not in areas:
                errors.append(_fault("/city", "city_needed", "市外单位应指明受理城市。",
                                     "An organisation from outside names the city it turns to."))  # fmt: skip
        elif division not in areas or areas[division][1].kind not in ("county", "city"):
            errors.append(_fault("/division", "division_unknown", "应为一个县（市、区）或所在城市。",
                                 "A division is a county or the city itself."))  # fmt: skip
        else:
            found_city = areas[division][0]
        for index, zone in enumerate(zones):
            known = areas.get(zone)
            if known is None or known[0] != found_city or known[1].reports == "division":
                errors.append(
                    _fault(
                        f"/zones/{index}", "zone_unknown", "该城市没有这个功能区。", "Not a zone of the city."
                    )
                )
        if errors:
            raise Invalid(Text("地点填写有误。", "The place is wrong."), errors=errors)
        return Place(found_city or "", division, tuple(dict.fromkeys(zones)))

    # -- ladder --------------------------------------------------------------------------------

    def node(self, pack: Pack, ref: str, pointer: str = "/kind") -> tuple[Pack, Node]:
        """Give a ladder node by its code in the pack, or by `pack-id/code`."""
        try:
            return self.packs.node(pack, ref)
        except UnknownReferenceError:
            raise invalid(
                pointer, "node_unknown", "该政策包没有这个梯次。", "The policy pack has no such node."
            ) from None

    def find_node(self, pack: Pack, ref: str) -> tuple[Pack, Node] | None:
        """Give a node, or None where the pack does not see it (a recognition from another city)."""
        try:
            return self.packs.node(pack, ref)
        except UnknownReferenceError:
            return None

    def canonical(self, pack: Pack, ref: str) -> str:
        """The one name of a node across packs: `national-hnte/hnte`."""
        return self.packs.canonical(pack, ref)

    def local_code(self, pack: Pack, canonical: str) -> str:
        """The code under which the city knows a node, else its own code."""
        for node in pack.ladder.ladder.nodes if pack.ladder else ():
            if self.canonical(pack, node.code) == canonical:
                return node.code
        return canonical.rpartition("/")[2]

    def validity(self, pack: Pack, ref: str) -> Validity:
        """How long a recognition of the node runs, as the node or the one it stands for says."""
        owner, node = self.packs.node(pack, ref)
        while node.validity == Validity() and node.same_as is not None:
            owner, node = self.packs.node(owner, node.same_as)
        return node.validity

    # -- forms and periods ---------------------------------------------------------------------

    def form(self, pack: Pack, code: str, pointer: str = "/form") -> FormDefinition:
        """Give a form that the pack sees."""
        found = self.packs.visible(pack).forms.get(code)
        if found is None:
            raise invalid(pointer, "form_unknown", "没有这张表单。", "There is no such form.")
        return found

    def forms(self) -> dict[tuple[str, str], tuple[Pack, FormDefinition]]:
        """All forms by code and version, over all pack versions."""
        return {(form.code, form.version): (pack, form) for pack in self.packs for form in pack.forms}

    def period(self, pack: Pack, code: str | None) -> Period | None:
        """Give a period of the pack in days, or None. A month counts as 30 calendar days, a year as 365."""
        found = self.packs.visible(pack).periods.get(code) if code is not None else None
        if found is None:
            return None
        days = {"month": 30, "year": 365}.get(found.unit, 1) * found.length
        return Period(days, kind="working" if found.unit == "working_day" else "calendar") if days else None

    def notice_period(self, pack: Pack, target: str) -> tuple[Period, str | None]:
        """The notice period for decisions about a node, with its clause."""
        periods = self.packs.visible(pack).periods
        names = (f"{target}_notice", "recognition_notice", "application_notice", "public_notice", "notice")
        found = next((periods[name] for name in names if name in periods), None)
        if found is None or found.unit not in ("working_day", "calendar_day"):
            return _DEFAULT_NOTICE, None
        kind: Any = "working" if found.unit == "working_day" else "calendar"
        return Period(found.length, kind=kind), "; ".join(found.clause) or None


def _fault(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
