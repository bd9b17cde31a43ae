"""Who may get an honour by selection: what it is open to, what excludes it, who holds it already."""

from collections.abc import Iterable
from datetime import date

from enterprise_registry.assessments.factbases import fact_base
from enterprise_registry.assessments.standing import standing_of
from enterprise_registry.metadata import parties
from enterprise_registry.policy.library import Library, library
from enterprise_registry.recognitions.counts import held_nodes
from enterprise_registry.recognitions.kinds import find_kind, honour_of
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.errors import Conflict
from kechuang.text import Text
from kechuang_packs import Pack


async def require_in_being(unit: ReadUnit | UnitOfWork, uscc: str) -> None:
    """Refuse to recognise an organisation that is suspended or deregistered meanwhile (409)."""
    found = await parties.find(unit, uscc)
    if found is None or found.state != "active":
        raise Conflict(
            Text(
                "该单位已注销、暂停或未登记，不能认定；可决定不予认定。",
                "The organisation is deregistered, suspended or not registered; it can be rejected, not recognised.",
            ),
            code="organisation_not_active",
        )


async def require_honour_fits(
    unit: ReadUnit | UnitOfWork, pack: Pack, honour_code: str, uscc: str, on: date
) -> None:
    """Refuse who may not get the honour on the day.

    409 `honour_held` while it is held already, `not_open_to` without one of the recognitions it is open to,
    `honour_excluded` while an honour is held that the pack declares exclusive with it.
    """
    shelf = library(unit)
    kind = find_kind(shelf, pack, honour_code, "/honour")
    held = await held_nodes(unit, uscc, on)
    if kind.canonical in held:
        raise Conflict(
            Text(f"该单位已是{kind.name.zh}。", f"The organisation holds it already: {kind.name.en}."),
            code="honour_held",
        )
    honour = honour_of(pack, honour_code)
    if honour is None:
        return
    if honour.open_to:
        base = await fact_base(unit, pack, uscc, on=on)
        standing = standing_of(shelf, pack, base, held, on).nodes
        wanted = {shelf.canonical(pack, each): each for each in honour.open_to}
        if standing.isdisjoint(wanted):
            zh, en = _names(shelf, pack, honour.open_to)
            raise Conflict(
                Text(f"参评单位应为有效期内的{zh}。", f"Open to valid holders of: {en}."), code="not_open_to"
            )
    for other in honour.exclusive_with:
        if find_kind(shelf, pack, other, "/honour").canonical in held:
            zh, en = _names(shelf, pack, (other,))
            raise Conflict(
                Text(f"已获{zh}，不能同时授予。", f"Exclusive with what is held: {en}."),
                code="honour_excluded",
            )


def _names(shelf: Library, pack: Pack, codes: Iterable[str]) -> tuple[str, str]:
    found = [find_kind(shelf, pack, each).name for each in codes]
    return "或".join(each.zh for each in found), " or ".join(each.en for each in found)
