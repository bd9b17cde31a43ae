"""Who joins an alliance: every fault of a member with the field that it stands in."""

from collections.abc import Sequence
from typing import Any

from enterprise_registry.alliances import rules
from enterprise_registry.alliances.domain import joined, last_left, stays
from enterprise_registry.alliances.schemas import AllianceMemberIn
from enterprise_registry.metadata import parties
from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Invalid, invalid
from kechuang.text import Text


async def all_joined(
    uow: UnitOfWork, kind: rules.AllianceKind, lead: str, wanted: Sequence[AllianceMemberIn]
) -> list[dict[str, Any]]:
    """Check all members of a proposal; every fault at once."""
    members: list[dict[str, Any]] = []
    errors: list[FieldError] = []
    for number, each in enumerate(wanted):
        try:
            members = await one_joined(uow, kind, lead, members, each, f"/members/{number}")
        except Invalid as fault:
            errors += fault.errors
    if errors:
        raise Invalid(Text("成员填写有误。", "A member is wrong."), errors=errors, code="members_invalid")
    return members


async def one_joined(
    uow: UnitOfWork,
    kind: rules.AllianceKind,
    lead: str,
    members: list[Any],
    body: AllianceMemberIn,
    pointer: str,
) -> list[dict[str, Any]]:
    """The members with a new one; refuses the lead, a member that is there, and days of a former membership."""
    if body.organisation == lead:
        raise invalid(
            f"{pointer}/organisation", "lead_is_no_member", "牵头单位不再列为成员。",
            "The lead is not listed among the members.",
        )  # fmt: skip
    if stays(members, body.organisation) is not None:
        raise invalid(
            f"{pointer}/organisation",
            "member_already",
            "该单位已是成员。",
            "The organisation is a member already.",
        )
    former, first = last_left(members, body.organisation), body.valid_from or uow.today
    if former is not None and first <= former:
        raise invalid(
            f"{pointer}/valid_from", "before_former_end", f"该单位前次参加至 {former}，应自次日起。",
            f"Its former membership lasted until {former}; it begins after that day.",
        )  # fmt: skip
    role = rules.role(kind, body.role, f"{pointer}/role")
    party = await parties.require_active(uow, body.organisation, f"{pointer}/organisation")
    return joined(members, body.organisation, party.title, role, first)


def codes(members: Sequence[Any]) -> list[str]:
    """Everybody who is or was a member: they see the record."""
    return sorted({each["organisation"] for each in members})
