"""The support actions of an organisation's rungs (梯次支持动作), as its city's pack names them."""

from enterprise_registry.assessments.rungs import on_day
from enterprise_registry.organisations.domain import Organisation
from enterprise_registry.policy.library import library
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.http.schemas import Output


class OrganisationSupportAction(Output):
    """One action of a rung that the organisation stands on today."""

    action: str
    name_zh: str
    name_en: str
    clause: list[str]
    rung: str
    rung_zh: str
    rung_en: str


async def actions_of(
    unit: ReadUnit | UnitOfWork, organisation: Organisation
) -> list[OrganisationSupportAction]:
    """Give the actions of every rung that is held, implied or derived today, the highest rung first."""
    shelf = library(unit)
    pack = shelf.city_pack(organisation.city, unit.today)
    if pack is None or pack.ladder is None:
        return []
    standing = {each.kind: each for each in (await on_day(unit, organisation, unit.today)).items}  # type: ignore[arg-type]  # it only reads
    nodes = [node for node in pack.ladder.ladder.nodes if node.code in standing]
    return [
        OrganisationSupportAction(
            action=each.code, name_zh=each.name.zh, name_en=each.name.en, clause=list(each.clause), rung=node.code,
            rung_zh=node.name.zh, rung_en=node.name.en,
        )
        for node in sorted(nodes, key=lambda node: -(node.order or 0))
        for each in node.cultivation_actions
    ]  # fmt: skip
