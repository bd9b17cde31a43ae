"""Goals of the plan about registers (重点实验室保五争六), judged by the counts themselves."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from enterprise_registry.policy.library import library, stamp
from enterprise_registry.registers.schemas import RegisterGoal, RegisterGoals
from enterprise_registry.registers.store import records
from kechuang.db.unit import ReadUnit
from kechuang_packs import Pack
from kechuang_packs.models.common import Source
from kechuang_packs.models.registers import PlatformGoal
from kechuang_procedure.registers.counting import Asked


async def goals(unit: ReadUnit, city: str, day: date) -> RegisterGoals:
    """Judge every goal of the city's pack; numbers are those of the records that the caller sees."""
    pack = library(unit).require_city_pack(city, day)
    sight = records.records.visible(unit)
    items = []
    for goal, asked, measure in _asked(pack, city, day):
        counted = await records.counting.count(unit, asked, (), sight)
        items.append(judge(goal, int(counted[0][measure])))
    return RegisterGoals(city=city, as_of=day, pack=stamp(pack), items=items)


def _asked(pack: Pack, city: str, day: date) -> Iterator[tuple[PlatformGoal, Asked, str]]:
    period = pack.header.period
    begins = (period.from_ if period else None) or pack.header.in_force_from
    for goal in (*pack.registers.platform_goals, *pack.registers.other_goals):
        asked = Asked(
            as_of=day, first=date(day.year, 1, 1), last=day, kinds=(goal.register_kind,), city=city,
            min_level=goal.level.value if goal.level else None,
        )  # fmt: skip
        if goal.per == "plan":
            asked = replace(asked, first=min(begins, day))
        yield goal, asked, "stock" if goal.per == "stock" else "added"


def judge(goal: PlatformGoal, value: int) -> RegisterGoal:
    """Say how far a goal is: its number is what exists already and what is to come, or the count itself."""
    demanded = goal.count
    if demanded is None and goal.count_new is not None:
        demanded = goal.count_new + (goal.existing or 0)
    if demanded is None:
        state = "no_number"
    elif goal.stretch is not None and value >= goal.stretch:
        state = "stretch_met"
    else:
        state = "met" if value >= demanded else "not_met"
    return RegisterGoal(
        code=goal.code, name_zh=goal.name.zh, name_en=goal.name.en, kind=goal.register_kind,
        min_level=goal.level.value if goal.level else None, per=goal.per, value=value, count=demanded,
        stretch=goal.stretch, missing=None if demanded is None else max(0, demanded - value), state=state,
        named=goal.named, clause=goal.clause, product_default=goal.source is Source.product_default,
    )  # fmt: skip
