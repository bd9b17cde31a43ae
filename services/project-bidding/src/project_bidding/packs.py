"""The bidding programmes of the loaded policy packs."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path

from kechuang.calendar import Period
from kechuang.db.engines import Database
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import invalid
from kechuang.resources import Record
from kechuang_packs.models.bidding import BiddingProgramme
from kechuang_packs.models.pack import Pack
from kechuang_packs.packs import Packs, load_packs
from kechuang_procedure.messages import pack_of
from project_bidding.calls.eligibility import Rule

AWARD_NOTICE = Period(5, kind="working")  # product default where a pack states none; policy-facts 7.8


@dataclass(frozen=True, slots=True)
class Programme:
    """A programme as one version of a city's pack states it."""

    pack: Pack
    rules: BiddingProgramme

    @property
    def made_under(self) -> str:
        """What a record that follows these rules says of them: `jiangmen-2023@1.0.0`."""
        return f"{self.pack.id}@{self.pack.version}"

    @property
    def code(self) -> str:
        """Its code in the pack."""
        return self.rules.code

    def award_notice(self) -> Period:
        """How long a proposed award is shown."""
        for each in self.pack.periods.periods:
            if each.code == "award_notice" and each.length is not None:
                return Period(each.length, kind="working" if each.unit == "working_day" else "calendar")
        return AWARD_NOTICE

    def answer_rule(self) -> Rule:
        """Who may answer a call of this programme."""
        stated = self.rules.may_answer
        if stated is None:
            return Rule("answer")
        kinds = tuple(each for each in stated.party_kinds if each != "consortium")
        return Rule(
            "answer",
            organisation_kinds=tuple(stated.lead_kinds) or kinds,
            rungs=tuple(stated.holds_any),
            clause="、".join(stated.clause),
        )


@lru_cache(maxsize=4)
def _load(folder: str) -> Packs | None:
    return load_packs(Path(folder)) if folder else None


async def load_at_start(database: Database) -> None:
    """Read the packs when the process starts: a broken pack stops it there and not at a request."""
    _load(database.settings.packs_dir)


def loaded(unit: ReadUnit | UnitOfWork) -> Packs | None:
    """Give the packs of this process; None when none are configured."""
    return _load(unit.database.settings.packs_dir)


def calendar_days(unit: ReadUnit | UnitOfWork, record: Record, code: str, default: int) -> int:
    """How many calendar days a period of the record's pack is long; `default` where the pack has none such."""
    packs = loaded(unit)
    pack = pack_of(packs, record, unit.today) if packs is not None else None
    found = packs.visible(pack).periods.get(code) if packs is not None and pack is not None else None
    return found.length if found is not None and found.unit == "calendar_day" else default


def programmes(unit: ReadUnit | UnitOfWork, on: date | None = None) -> list[Programme]:
    """Give all programmes in force on a day (today), by pack."""
    packs, day = loaded(unit), on or unit.today
    found = []
    for name in sorted({pack.id for pack in packs or ()}):
        pack = packs.in_force(name, day) if packs else None
        if pack is not None and pack.header.area is not None:
            found += [Programme(pack, each) for each in pack.bidding.programmes]
    return found


def made_under(unit: ReadUnit | UnitOfWork, pack: str | None, code: str) -> Programme | None:
    """Give the programme under exactly the version that a record was made under."""
    packs = loaded(unit)
    if packs is None or pack is None:
        return None
    name, _, version = pack.partition("@")
    found = packs.version(name, version)
    return next((Programme(found, each) for each in found.bidding.programmes if each.code == code), None)


def default_programme(unit: ReadUnit | UnitOfWork, city: str | None) -> Programme | None:
    """Give the city's first programme whose calls are judged by a panel first; None without one."""
    for each in programmes(unit):
        if each.pack.header.area == city and any(
            way.procedure == "panel_first" for way in each.rules.procedures
        ):
            return each
    return None


def require_programme(unit: ReadUnit | UnitOfWork, city: str | None, code: str) -> Programme:
    """Give a city's programme, or refuse the field that names it."""
    mine = [each for each in programmes(unit) if each.pack.header.area == city]
    for each in mine:
        if each.code == code:
            return each
    known = "、".join(each.code for each in mine)
    raise invalid(
        "/programme", "programme_unknown",
        f"该市现行政策包中没有此攻关计划；可选：{known or '无'}。",
        f"The city's pack has no such programme in force; there are: {known or 'none'}.",
    )  # fmt: skip
