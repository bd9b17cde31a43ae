"""The benefits of a city as everybody may read them (惠企政策清单)."""

from datetime import date
from typing import Any

from pydantic import Field

from enterprise_registry.benefits.rules import in_force
from enterprise_registry.policy.library import library, stamp
from kechuang.db.unit import ReadUnit
from kechuang.http.schemas import Output
from kechuang_packs.models.benefits import BenefitRule


class BenefitRuleOut(Output):
    """One benefit in the version of the day; literals as they stand in the pack."""

    code: str
    version: str
    name_zh: str
    name_en: str
    mode: str = Field(description="granted 免申即享, at_once 即申即享, reviewed")
    fund: str | None
    once_per: str
    exclusive_group: str | None
    amount: dict[str, Any] = Field(
        description="`amount`, `amount_expression` or `amount_bands`, as the pack has it"
    )
    cap: str | None
    yearly_cap: str | None
    rounding: dict[str, str]
    condition: dict[str, Any]
    clause: list[str]
    policy: bool = Field(description="False: amount or condition is a product default and no policy")
    in_force_from: date | None
    in_force_to: date | None


class BenefitRulesOut(Output):
    """The benefits in force in a city on a day, under one version of its pack."""

    city: str
    on: date
    pack: str
    items: list[BenefitRuleOut]


def catalogue(unit: ReadUnit, city: str, on: date) -> BenefitRulesOut:
    """Give the benefits of a city in force on a day; 422 where no pack covers it."""
    pack = library(unit).require_city_pack(city, on)
    return BenefitRulesOut(
        city=city, on=on, pack=stamp(pack), items=[_shown(each) for each in in_force(pack, on)]
    )


def _shown(rule: BenefitRule) -> BenefitRuleOut:
    plain = rule.model_dump(mode="json", exclude_none=True, by_alias=True)
    amount = ("amount", "amount_expression", "amount_bands")
    return BenefitRuleOut(
        code=rule.code, version=rule.version, name_zh=rule.name.zh, name_en=rule.name.en, mode=rule.mode,
        fund=rule.fund, once_per=rule.once_per, exclusive_group=rule.exclusive_group,
        amount={name: plain[name] for name in amount if name in plain},
        cap=None if rule.cap is None else str(rule.cap),
        yearly_cap=None if rule.yearly_cap is None else str(rule.yearly_cap),
        rounding=plain["rounding"], condition=plain["condition"], clause=list(rule.clause),
        policy=rule.source.value == "policy", in_force_from=rule.in_force_from, in_force_to=rule.in_force_to,
    )  # fmt: skip
