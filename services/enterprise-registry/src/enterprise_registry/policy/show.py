"""Parts of packs written out for answers."""

from datetime import date
from typing import Any

from enterprise_registry.policy import schemas
from enterprise_registry.policy.library import Library
from kechuang_packs import Pack
from kechuang_packs.models.areas import Area, Chain
from kechuang_packs.models.common import Text
from kechuang_packs.models.content import FormDefinition
from kechuang_packs.models.ladder import Node


def _name(text: Text) -> schemas.PolicyName:
    return schemas.PolicyName(zh=text.zh, en=text.en)


def version(shelf: Library, pack: Pack, today: date) -> schemas.PolicyPackVersion:
    """One version of a pack."""
    header = pack.header
    return schemas.PolicyPackVersion(
        pack=pack.id, version=pack.version, title=_name(header.title), kind=header.kind, area=header.area,
        in_force_from=header.in_force_from, in_force_to=header.in_force_to,
        in_force=shelf.packs.in_force(pack.id, today) is pack,
        digest=shelf.packs.digests[pack.id, pack.version],
        refers_to=[f"{each.pack}@{each.version}" for each in header.refers_to],
    )  # fmt: skip


def _node(shelf: Library, pack: Pack, node: Node, day: date) -> schemas.LadderNode:
    return schemas.LadderNode(
        code=node.code, node=shelf.canonical(pack, node.code), name=_name(node.name),
        gained_by=node.gained_by, decided_by=node.decided_by, level=node.level.value if node.level else None,
        order=node.order, on_ladder=node.on_ladder,
        validity=shelf.validity(pack, node.code).model_dump(exclude_none=True), requires=list(node.requires),
        implies=list(node.implies), excludes=list(node.excludes), covers=list(node.covers), clause=list(node.clause),
        source=node.source.value, has_rule=shelf.packs.rule(pack, node.code, day) is not None,
    )  # fmt: skip


def ladder(shelf: Library, pack: Pack, day: date) -> schemas.LadderOut:
    """The ladder of a pack version."""
    assert pack.ladder is not None, "asked of packs with a ladder"
    found = pack.ladder.ladder
    return schemas.LadderOut(
        code=found.code, pack=pack.id, version=pack.version, area=pack.header.area, name=_name(found.name),
        shape=found.shape, nodes=[_node(shelf, pack, each, day) for each in found.nodes],
        edges=[
            schemas.LadderEdge(
                from_node=each.from_, to_node=each.to, meaning=_name(each.meaning) if each.meaning else None
            )
            for each in found.edges
        ],
        tracks=[
            schemas.LadderTrack(code=each.code, name=_name(each.name), nodes=list(each.nodes))
            for each in found.tracks
        ],
        remarks=list(found.remarks),
    )  # fmt: skip


def area(city: str | None, found: Area) -> schemas.AreaOut:
    """A place."""
    return schemas.AreaOut(
        id=found.id, city=city, name=_name(found.name), kind=found.kind, gbt2260=found.gbt2260,
        parents=list(found.parents), reports=found.reports, valid_from=found.valid_from,
        valid_to=found.valid_to,
    )  # fmt: skip


def chain(pack: Pack, found: Chain) -> schemas.ChainOut:
    """An industry chain or cluster."""
    return schemas.ChainOut(
        code=found.code, pack=pack.id, area=pack.header.area, name=_name(found.name), kind=found.kind,
        level=found.level.value if found.level else None, group=found.group, fields=list(found.fields),
    )  # fmt: skip


def _summary(pack: Pack, found: FormDefinition) -> dict[str, Any]:
    return {
        "code": found.code, "version": found.version, "pack": f"{pack.id}@{pack.version}",
        "name": _name(found.name), "purpose": found.purpose, "period": found.period,
        "statistical": found.statistical,
    }  # fmt: skip


def form_summary(pack: Pack, found: FormDefinition) -> schemas.FormSummary:
    """A form without its fields."""
    return schemas.FormSummary(**_summary(pack, found))


def form(pack: Pack, found: FormDefinition) -> schemas.FormOut:
    """A form with its JSON Schema."""
    schema = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": found.name.zh,
    } | found.fields
    return schemas.FormOut(
        **_summary(pack, found), form_schema=schema,
        groups=[each.model_dump() for each in found.groups],
        materials=[each.model_dump() for each in found.materials],
        projects=found.projects, sums=[each.model_dump() for each in found.sums], beside=found.beside,
        checks=[each.model_dump() for each in found.checks],
        totals=[each.model_dump() for each in found.totals], clause=list(found.clause),
    )  # fmt: skip
