"""An organisation: its states, kinds, and who sees it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "registered": Text("已登记待核实", "Registered, to be verified"),
    "active": Text("正常", "Active"),
    "suspended": Text("暂停", "Suspended"),
    "deregistered": Text("已注销", "Deregistered"),
}
KINDS = {
    "enterprise": Text("企业", "Enterprise"),
    "university": Text("高等院校", "University"),
    "research_institute": Text("科研院所", "Research institute"),
    "new_rd_institution": Text("新型研发机构", "New-type R&D institution"),
    "hospital": Text("医院", "Hospital"),
    "public_institution": Text("事业单位", "Public institution"),
    "government": Text("机关", "Government department"),
    "social_organisation": Text("社会组织", "Social organisation"),
    "cooperative": Text("农民专业合作社", "Farmers' cooperative"),
    "financial_institution": Text("金融机构", "Financial institution"),
    "village": Text("村集体", "Village collective"),
    "other": Text("其他", "Other"),
}
SCALES = {
    "large": Text("大型", "Large"),
    "medium": Text("中型", "Medium"),
    "small": Text("小型", "Small"),
    "micro": Text("微型", "Micro"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Organisation(Record):
    """An organisation with a unified social credit code (统一社会信用代码).

    `facts` holds what rules read and no annual form files: key → `{value, verified, on}`. `scale` was given or,
    with `scale_source` "computed", follows from verified filings by the national size classes; `above_scale` (规模以上)
    follows from them alone, None while it is unknown. `merged_into` is the one that took it over.
    """

    uscc: str
    name: str
    former_names: Sequence[str]
    kind: str
    scale: str | None
    scale_source: str | None
    above_scale: bool | None
    industry: str | None
    chains: Sequence[str]
    affiliates: Sequence[str]
    address: str | None
    established_on: date | None
    facts: Mapping[str, Mapping[str, Any]]
    legal_representative: bytes | None
    legal_representative_shown: str | None
    registered_on: date | None
    deregistered_on: date | None
    merged_into: str | None


MACHINE = Machine(
    "organisations",
    STATES,
    "registered",
    (
        verb("update", "修改", "Update", from_=("registered", "active", "suspended")),
        verb("verify", "核实", "Verify", from_="registered", to="active", handles=True),
        verb("suspend", "暂停", "Suspend", from_="active", to="suspended", handles=True),
        verb("resume", "恢复", "Resume", from_="suspended", to="active", handles=True),
        verb("deregister", "注销", "Deregister", from_=("registered", "active", "suspended"),
             to="deregistered", decides=True, handles=True),
        verb("rename", "更名", "Rename", from_=("registered", "active", "suspended"), handles=True),
        verb("relocate", "迁移", "Relocate", from_=("registered", "active", "suspended"), handles=True),
        verb("classify", "重新划型", "Compute the size class", from_=("registered", "active", "suspended"),
             automatic=True),
    ),
    awaits=(Awaits("registered", "verify", days=5),),
)  # fmt: skip


def sight(organisation: Organisation) -> Iterable[str]:
    """The organisation itself and the officers of its place."""
    yield from access.owner(organisation.uscc)
    yield from access.place(organisation.city, organisation.division, *organisation.zones)


def facts_stated(
    held: Mapping[str, Mapping[str, Any]], stated: Mapping[str, Any], *, verified: bool, on: date
) -> dict[str, dict[str, Any]]:
    """Give the facts with those stated now; an unchanged value keeps its verification, null takes one away."""
    result = {key: dict(each) for key, each in held.items() if stated.get(key, each) is not None}
    for key, value in stated.items():
        if value is None:
            result.pop(key, None)
        elif key not in held or held[key]["value"] != value or verified:
            result[key] = {"value": value, "verified": verified, "on": on.isoformat()}
    return result
