"""What the pack says of alliances: who may lead, which roles members have, one for each chain."""

from enterprise_registry.alliances.domain import MEMBER
from enterprise_registry.policy.library import Library
from enterprise_registry.recognitions.counts import held_nodes
from enterprise_registry.registers.store import records
from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Invalid, invalid
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models.registers import AllianceKind
from kechuang_procedure.parties import Party

__all__ = ["AllianceKind", "check_chain", "check_lead", "kind", "role"]


def kind(pack: Pack, code: str) -> AllianceKind:
    """Give a kind of the pack, or refuse."""
    found = next((each for each in pack.alliances.alliances if each.code == code), None)
    if found is None:
        listed = "、".join(each.code for each in pack.alliances.alliances)
        raise invalid(
            "/kind", "alliance_kind_unknown", f"该市没有这类联盟，可选：{listed}。",
            f"The city has no such kind of alliance; there are {listed}.",
        )  # fmt: skip
    return found


def check_chain(shelf: Library, pack: Pack, kind: AllianceKind, chain: str | None) -> None:
    """Refuse an unknown chain, and none where there is one alliance for each chain."""
    if chain is None:
        if kind.one_per is not None:
            raise invalid("/chain", "missing", "请填写所属产业链。", "The chain is required.")
        return
    if not any(chain == each.code for seen in shelf.packs.visible(pack).packs for each in seen.chains.chains):
        raise invalid("/chain", "chain_unknown", "该市没有这条产业链。", "The city has no such chain.")


async def check_lead(uow: UnitOfWork, shelf: Library, pack: Pack, kind: AllianceKind, party: Party) -> None:
    """Refuse a lead that is none of those whom the kind permits, in the document's own words."""
    may = kind.lead
    if may is None or party.kind in may.organisation_kinds:
        return
    if may.listed_in and await records.held(uow, party.uscc, may.listed_in, uow.today):
        return
    if may.holds:
        held = await held_nodes(uow, party.uscc, uow.today)
        if any(shelf.canonical(pack, each) in held for each in may.holds):
            return
    zh = "、".join(each.zh for each in kind.may_be_led_by)
    en = ", ".join(each.en for each in kind.may_be_led_by)
    text = Text(f"牵头单位应为：{zh}。", f"The lead is one of: {en}.")
    raise Invalid(text, errors=[FieldError("/lead", "lead_not_permitted", text)], code="lead_not_permitted")


def role(kind: AllianceKind, stated: str | None, pointer: str) -> str:
    """Give a member's role, or refuse one that the kind does not name."""
    codes = [each.code for each in kind.member_roles]
    if not codes:
        if stated not in (None, MEMBER):
            raise invalid(
                pointer, "role_unknown", "该类联盟不分成员角色。", "Members of this kind have no roles."
            )
        return MEMBER
    if stated not in codes:
        listed = "、".join(codes)
        raise invalid(
            pointer, "role_unknown", f"成员角色应为：{listed}。", f"A role is one of {', '.join(codes)}."
        )
    return str(stated)
