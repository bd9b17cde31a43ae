"""What can be recognised: a node of the ladder, or an honour of the pack that stands beside the ladder (尖兵)."""

from dataclasses import dataclass

from enterprise_registry.policy.library import Library
from kechuang.errors import invalid
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models.ladder import Honour, Validity


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of recognition as a city knows it.

    `code` is the city's own code, `canonical` the one name across packs, `requires` the canonical names of
    what must be held (any one of them, for an honour; each of them, for a node).
    """

    code: str
    canonical: str
    name: Text
    level: str | None
    decided_by: str
    gained_by: str
    validity: Validity
    on_ladder: bool


def honour_of(pack: Pack, code: str) -> Honour | None:
    """Give an honour of the pack by its code."""
    honours = pack.ladder.honours if pack.ladder else ()
    return next((each for each in honours if each.code == code), None)


def find_kind(shelf: Library, pack: Pack, ref: str, pointer: str = "/kind") -> Kind:
    """Give a kind by a node's or an honour's code; an honour that stands on the ladder is that node.

    Raises Invalid `node_unknown` at `pointer` for a code that the pack has neither way.
    """
    honour = honour_of(pack, ref)
    if honour is not None and honour.node is not None:
        return find_kind(shelf, pack, honour.node, pointer)
    found = shelf.find_node(pack, ref)
    if found is not None:
        _, node = found
        canonical = shelf.canonical(pack, ref)
        return Kind(
            code=shelf.local_code(pack, canonical), canonical=canonical, name=Text(node.name.zh, node.name.en),
            level=node.level.value if node.level else None, decided_by=node.decided_by,
            gained_by=node.gained_by, validity=shelf.validity(pack, ref), on_ladder=True,
        )  # fmt: skip
    if honour is None:
        raise invalid(
            pointer, "node_unknown", "该政策包没有这个梯次或荣誉。",
            "The policy pack has no such node or honour.",
        )  # fmt: skip
    level = None if honour.granted_by == "other" else _LEVEL_OF[honour.granted_by]
    return Kind(
        code=honour.code, canonical=f"{pack.id}/{honour.code}", name=Text(honour.name.zh, honour.name.en),
        level=level, decided_by=honour.granted_by, gained_by="selection", validity=Validity(), on_ladder=False,
    )  # fmt: skip


_LEVEL_OF = {"city": "city", "province": "province", "ministry": "national"}
