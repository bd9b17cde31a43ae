"""The support actions of an organisation's rungs (梯次支持动作), as its city's pack names them."""

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.assessments.standing import standing_of
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.policy.library import library
from enterprise_registry.recognitions.counts import held_nodes
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.http.schemas import Output
from kechuang_packs import Pack


class OrganisationSupportAction(Output):
    """One action of a rung that the organisation stands on today."""

    action: str
    name_zh: str
    name_en: str
    clause: list[str]
    rung: str
    rung_zh: str
    rung_en: str


async def stands_on(unit: ReadUnit | UnitOfWork, pack: Pack, uscc: str) -> frozenset[str]:
    """Give the canonical nodes on which an organisation stands today: held, implied or derived."""
    shelf = library(unit)
    held = await held_nodes(unit, uscc, unit.today)
    base = await fact_base(unit, pack, uscc, on=unit.today)
    return frozenset(standing_of(shelf, pack, base, held, unit.today).nodes)


async def actions_of(
    unit: ReadUnit | UnitOfWork, organisation: Organisation
) -> list[OrganisationSupportAction]:
    """Give the actions of every rung that the organisation stands on today, the highest rung first."""
    shelf = library(unit)
    pack = shelf.city_pack(organisation.city, unit.today)
    if pack is None or pack.ladder is None:
        return []
    standing = await stands_on(unit, pack, organisation.uscc)
    nodes = [node for node in pack.ladder.ladder.nodes if shelf.canonical(pack, node.code) in standing]
    return [
        OrganisationSupportAction(
            action=each.code, name_zh=each.name.zh, name_en=each.name.en, clause=list(each.clause), rung=node.code,
            rung_zh=node.name.zh, rung_en=node.name.en,
        )
        for node in sorted(nodes, key=lambda node: -(node.order or 0))
        for each in node.cultivation_actions
    ]  # fmt: skip
