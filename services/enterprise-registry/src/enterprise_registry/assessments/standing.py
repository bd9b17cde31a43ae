"""Where an organisation stands on a day, and whether it may go for a node: what nodes say about one another."""

from collections.abc import Iterable, Iterator
from datetime import date

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.ladders.factbase import FactBase
from enterprise_registry.ladders.nodes import Standing, derived_nodes, stand
from enterprise_registry.ladders.relations import relations_of
from enterprise_registry.policy.library import Library, library
from enterprise_registry.recognitions.counts import held_nodes
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict, FieldError
from kechuang.text import Text
from kechuang_packs import Pack


def standing_of(shelf: Library, pack: Pack, facts: FactBase, held: Iterable[str], on: date) -> Standing:
    """Where an organisation stands under a pack, from facts and held recognitions already read."""
    relations = relations_of(shelf.packs, pack.id, pack.version)
    return stand(relations, derived_nodes(shelf.packs, pack.id, pack.version), facts, held, on)


async def relation_faults(
    unit: ReadUnit | UnitOfWork, pack: Pack, target: str, uscc: str, on: date
) -> list[FieldError]:
    """Why the organisation may not apply for or be given a node on the day: what it lacks, what excludes it."""
    shelf = library(unit)
    relations = relations_of(shelf.packs, pack.id, pack.version)
    name = shelf.canonical(pack, target)
    if not relations.requires.get(name) and not relations.excludes.get(name):
        return []
    base = await fact_base(unit, pack, uscc, on=on)
    standing = standing_of(shelf, pack, base, await held_nodes(unit, uscc, on), on).nodes
    return list(_faults(shelf, pack, name, standing))


def _faults(shelf: Library, pack: Pack, name: str, standing: frozenset[str]) -> Iterator[FieldError]:
    relations = relations_of(shelf.packs, pack.id, pack.version)
    for each in relations.unmet(name, standing):
        zh, en = _named(shelf, pack, each.any_of)
        yield FieldError(
            "/target", "rung_skipped" if each.skipping else "requirement_not_held",
            Text(f"应先取得：{zh}。", f"First hold: {en}."),
        )  # fmt: skip
    conflicts = relations.conflicts(name, standing)
    if conflicts:
        zh, en = _named(shelf, pack, conflicts)
        yield FieldError(
            "/target", "excluded_by_held",
            Text(f"与已有的{zh}互斥，应先放弃或待其到期。",
                 f"Excluded by {en}, which is held; surrender it first or wait for its end."),
        )  # fmt: skip


def _named(shelf: Library, pack: Pack, names: frozenset[str]) -> tuple[str, str]:
    found = [seen[1].name for each in sorted(names) if (seen := shelf.find_node(pack, each)) is not None]
    return "或".join(each.zh for each in found), " or ".join(each.en for each in found)


async def require_fitting(unit: UnitOfWork, pack: Pack, target: str, uscc: str, on: date) -> None:
    """Refuse a decision that the held recognitions rule out (409 `relations_forbid`)."""
    faults = await relation_faults(unit, pack, target, uscc, on)
    if faults:
        raise Conflict(
            Text(
                "按梯次之间的关系不能认定：" + "".join(each.detail.zh for each in faults),
                "The relations between nodes forbid it: " + " ".join(each.detail.en for each in faults),
            ),
            code="relations_forbid",
            extra={"reasons": [each.code for each in faults]},
        )
