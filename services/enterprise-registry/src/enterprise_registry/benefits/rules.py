"""The benefits of the packs, compiled once: which are in force for a city on a day, which made a grant."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from enterprise_registry.benefits.amounts import AmountRule, compile_amount
from enterprise_registry.ladders.conditions import CompiledRule, Group, HoldsTest, Part, compile_condition
from enterprise_registry.policy.library import Library
from kechuang.errors import invalid
from kechuang_packs import Pack, Packs
from kechuang_packs.models.benefits import BenefitRule
from kechuang_packs.models.conditions import Occasion


@dataclass(frozen=True, slots=True)
class Benefit:
    """One version of a benefit of one pack version, ready to run. `rests_on`: nodes whose holding it asks for."""

    pack: Pack
    model: BenefitRule
    condition: CompiledRule
    amount: AmountRule
    rests_on: frozenset[str]

    @property
    def exclusive_group(self) -> str:
        """The group that pays for an item once; a benefit without one excludes only itself."""
        return self.model.exclusive_group or f"rule:{self.model.code}"


@lru_cache(maxsize=256)
def _compiled(packs: Packs, pack: tuple[str, str], code: str, version: str) -> Benefit:
    owner = packs.version(*pack)
    model = next(each for each in owner.services.benefits if (each.code, each.version) == (code, version))
    condition = compile_condition(packs, owner, model.condition, code)
    return Benefit(
        owner, model, condition, compile_amount(model, condition.vocabulary), _asked_for(condition.root)
    )


def _asked_for(part: Part) -> frozenset[str]:
    match part.test:
        case HoldsTest(nodes=nodes, negate=False):
            return nodes
        case Group(parts=parts):
            return frozenset().union(*map(_asked_for, parts))
        case _:
            return frozenset()


def demanded(part: Part) -> frozenset[str] | None:
    """Nodes one of which everybody holds who meets the condition; None where somebody may meet it without any."""
    if part.waived_by is not None or part.applies_to is not Occasion.both:
        return None
    match part.test:
        case HoldsTest(nodes=nodes, negate=False):
            return nodes
        case Group(n=None, parts=parts):
            found = [one for each in parts if (one := demanded(each)) is not None]
            return min(found, key=len, default=None)
        case _:
            return None


def in_force(pack: Pack, on: date) -> list[BenefitRule]:
    """The benefits of a city's pack on a day, each in the version of that day."""
    return [each for each in pack.services.benefits if _holds_on(each, on)]


def _holds_on(rule: BenefitRule, on: date) -> bool:
    return (rule.in_force_from or date.min) <= on <= (rule.in_force_to or date.max)


def benefit(shelf: Library, pack: Pack, code: str, on: date, pointer: str = "/rule") -> Benefit:
    """Give a benefit in the version of a day, or refuse the field that names it."""
    model = next((each for each in in_force(pack, on) if each.code == code), None)
    if model is None:
        known = "、".join(dict.fromkeys(each.code for each in in_force(pack, on))) or "无"
        raise invalid(
            pointer, "benefit_unknown", f"该市当日没有这项政策；可选：{known}。",
            "The city has no such benefit on that day.",
        )  # fmt: skip
    return _compiled(shelf.packs, (pack.id, pack.version), model.code, model.version)


def stamped_benefit(shelf: Library, stamp: str, code: str, version: str) -> Benefit:
    """Give the version that a grant was made under."""
    pack = shelf.stamped(stamp)
    return _compiled(shelf.packs, (pack.id, pack.version), code, version)
