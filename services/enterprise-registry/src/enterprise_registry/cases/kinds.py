"""Kinds of cases as the city's pack states them."""

from enterprise_registry.policy.library import Library, stamp
from kechuang.errors import invalid
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_procedure.cases import Kind, Level, Limits
from kechuang_procedure.cases.kinds import OFFICES

RESOURCE = "enterprise-cases"


def kind_of(shelf: Library, pack: Pack, code: str) -> Kind:
    """Give a kind by its code; refuses `/kind` with the codes that there are."""
    found = shelf.packs.visible(pack).case_kinds
    kind = found.get(code)
    if kind is None or kind.resource != RESOURCE:
        known = ", ".join(sorted(each.code for each in found.values() if each.resource == RESOURCE))
        raise invalid(
            "/kind",
            "case_kind_unknown",
            f"没有这类事项，可选：{known}。",
            f"No such kind; there are: {known}.",
        )
    limits = kind.limits
    return Kind(
        code=kind.code,
        name=Text(kind.name.zh, kind.name.en),
        pack=stamp(pack),
        about=kind.about,
        opened_by=frozenset[str]().union(*(OFFICES[each] for each in kind.opened_by)),
        confirmed_by=kind.confirmed_by,
        limits=Limits(
            assign=shelf.period(pack, limits.assign),
            start=shelf.period(pack, limits.start),
            resolve=shelf.period(pack, limits.resolve),
            confirm=shelf.period(pack, limits.confirm),
            fast_lane=shelf.period(pack, limits.fast_lane),
        ),
        escalation=tuple(
            Level(each.to, shelf.period(pack, each.after), each.unit) for each in kind.escalation
        ),
        contacts=kind.contacts,
        exclusive=kind.exclusive,
        catalogue=kind.catalogue,
        measures_first=kind.measures_first,
    )
