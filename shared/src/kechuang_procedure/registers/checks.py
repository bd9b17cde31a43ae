"""What is refused of a register record, each with the field and the way out."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import TYPE_CHECKING, Any

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, FieldError, Invalid, NotPermitted, invalid
from kechuang.text import Text
from kechuang_procedure import forms
from kechuang_procedure.registers.domain import (
    HELD_STATES,
    RegisterKind,
    RegisterRecord,
    last_day,
    personal_texts,
)

if TYPE_CHECKING:
    from kechuang_procedure.registers.rules import RegisterRules


def known(kinds: Mapping[str, RegisterKind], code: str) -> RegisterKind:
    """Give a kind by its code."""
    found = kinds.get(code)
    if found is None:
        raise invalid(
            "/kind", "kind_unknown", "该市政策包没有这个名册类别，请从“kinds”列表中选择。",
            "The city's pack declares no such kind; take one of `kinds`.",
        )  # fmt: skip
    return found


def same_register(kind: RegisterKind, stated: str | None) -> None:
    """Refuse a register that is not the kind's."""
    if stated not in (None, kind.register):
        raise invalid(
            "/register", "register_mismatch", f"该类别属于“{kind.register}”名册。",
            f"The kind belongs to the register {kind.register}.",
        )  # fmt: skip


def own_host(uow: UnitOfWork, kind: RegisterKind, host: str | None) -> None:
    """Refuse an organisation that reports for another one; a part is reported by the owner of what it is a part of."""
    own = uow.actor.organisation
    if own is not None and host not in (None, own) and kind.parent is None:
        raise NotPermitted(
            Text("您只能填报本单位的记录。", "You report records of your own organisation only."),
            code="not_your_organisation",
        )


def require_role(uow: UnitOfWork, roles: frozenset[str], act: str) -> None:
    """Refuse a caller whose roles are not among those that the kind names for an act."""
    if not roles or uow.actor.is_system or uow.actor.roles & roles:
        return
    listed = "、".join(sorted(roles))
    raise NotPermitted(
        Text(f"该类别只能由以下角色办理：{listed}。", f"For this kind only these roles may {act}: {', '.join(sorted(roles))}."),
        code="kind_not_for_role", extra={"roles": sorted(roles)},
    )  # fmt: skip


async def content(
    rules: "RegisterRules",
    uow: UnitOfWork,
    kind: RegisterKind,
    values: Mapping[str, Any],
    city: str,
    *,
    held_by: str | None = None,
) -> None:
    """Refuse content that the kind does not allow: all faults at once. `held_by` is the host until now."""
    errors = list(forms.check(kind.fields, values["fields"], pointer="/fields", complete=True)) if kind.fields else [
        _extra(name) for name in values["fields"]
    ]  # fmt: skip
    errors += _level(kind, values["level"])
    errors += await _host(rules, uow, kind, values, held_by)
    if values["valid_to"] is not None and values["valid_to"] < values["valid_from"]:
        text = Text("止日不得早于起日。", "valid_to lies before valid_from.")
        errors.append(FieldError("/valid_to", "before_valid_from", text))
    elif kind.one_day and values["valid_to"] not in (None, values["valid_from"]):
        errors.append(
            FieldError("/valid_to", "one_day", Text("该类别当日有效，请勿另填止日。", "It ends on its day; leave valid_to out."))
        )  # fmt: skip
    errors += _chain(rules, uow, kind, values["chain"], city)
    errors += [
        FieldError(
            pointer, "personal_data",
            Text("名册不保存个人身份证号、手机号等个人信息，请删除。",
                 "A register keeps no identity or telephone numbers of persons; remove it."),
        )
        for pointer in personal_texts({"title": values["title"], "fields": values["fields"]}, "")
    ]  # fmt: skip
    if errors:
        raise Invalid(
            Text(f"有 {len(errors)} 处需要更正。", f"{len(errors)} field(s) need correction."),
            errors=errors,
            code="register_record_invalid",
        )


def _extra(name: str) -> FieldError:
    return FieldError(
        f"/fields/{name}", "extra_forbidden", Text("该类别没有这个字段。", "The kind has no such field.")
    )


def _level(kind: RegisterKind, level: str | None) -> list[FieldError]:
    if not kind.levels or level in kind.levels:
        return []
    code = "missing" if level is None else "level_not_of_kind"
    listed = "、".join(kind.levels)
    return [
        FieldError("/level", code, Text(f"该类别的级别应为：{listed}。", f"The level is one of {', '.join(kind.levels)}."))
    ]  # fmt: skip


async def _host(
    rules: "RegisterRules",
    uow: UnitOfWork,
    kind: RegisterKind,
    values: Mapping[str, Any],
    held_by: str | None,
) -> list[FieldError]:
    host, last = values["organisation"], values["valid_to"]
    if host is None:
        text = Text("请填写依托单位。", "The organisation is required.")
        return [FieldError("/organisation", "missing", text)] if kind.hosted == "required" else []
    if kind.hosted == "none":
        return [
            FieldError("/organisation", "extra_forbidden",
                       Text("该类别不属于某个单位。", "Records of this kind belong to no organisation."))
        ]  # fmt: skip
    found = await rules.host(uow, host)
    if found is None:
        return [
            FieldError("/organisation", "organisation_unknown",
                       Text("该单位尚未登记，请先登记。", "The organisation is not registered; register it first."))
        ]  # fmt: skip
    if found.gone and host != held_by and (last is None or last >= uow.today):
        return [
            FieldError("/organisation", "organisation_not_active",
                       Text("该单位已注销，只能补录已结束的记录。", "It was deregistered; only what is over is recorded."))
        ]  # fmt: skip
    if not kind.host_kinds or found.kind in kind.host_kinds:
        return []
    listed = "、".join(kind.host_kinds)
    return [
        FieldError("/organisation", "host_kind",
                   Text(f"依托单位的类型应为：{listed}。", f"The host is one of {', '.join(kind.host_kinds)}."))
    ]  # fmt: skip


def _chain(
    rules: "RegisterRules", uow: UnitOfWork, kind: RegisterKind, chain: str | None, city: str
) -> list[FieldError]:
    if chain is None:
        if kind.chained != "required":
            return []
        return [FieldError("/chain", "missing", Text("请填写产业链。", "The chain is required."))]
    if kind.chained == "none" or not rules.knows_chain(uow, city, chain):
        return [
            FieldError("/chain", "chain_unknown",
                       Text("该市没有这条产业链，或该类别不分产业链。", "The city has no such chain, or the kind has none."))
        ]  # fmt: skip
    return []


def names_parent(kind: RegisterKind, parent: str | None) -> bool:
    """Whether there is a parent to look for; refuses one where none belongs, and none where one does."""
    if kind.parent is None and parent is not None:
        raise invalid("/parent", "extra_forbidden", "该类别没有上级记录。", "The kind has no parent.")
    if kind.parent is not None and parent is None:
        raise invalid(
            "/parent",
            "missing",
            "请填写所属载体（上级记录）。",
            "The record that this is a part of is required.",
        )
    return parent is not None


def usable_parent(
    uow: UnitOfWork, resource: str, kind: RegisterKind, found: RegisterRecord | None, city: str, first: date
) -> RegisterRecord:
    """Refuse a parent that is absent, of another kind or city, superseded, over, or of another organisation."""
    if found is None or found.kind != kind.parent or found.city != city:
        raise invalid(
            "/parent", "parent_unknown", "没有这个载体记录。", "There is no such record of the parent's kind."
        )
    if found.state not in HELD_STATES:
        raise invalid(
            "/parent", "parent_not_confirmed", "所属载体尚未确认或已被更正替代。",
            "The parent is not confirmed, or was superseded by a correction.",
        )  # fmt: skip
    # A carrier reports its own tenants only; an officer reports within the own place.
    if not uow.permissions.permits(uow.actor, f"{resource}:create", found.sight):
        raise invalid(
            "/parent", "parent_unknown", "没有这个载体记录。", "There is no such record of the parent's kind."
        )
    last = last_day(found.valid_to, found.ended_on)
    if last is not None and first > last:
        raise invalid(
            "/valid_from",
            "after_parent",
            f"所属载体已于 {last} 终止。",
            f"Its parent held until {last} only.",
        )
    return found


def require_evidence(kind: RegisterKind, evidence: Sequence[Mapping[str, Any]]) -> None:
    """Refuse to confirm without the evidence that the kind demands."""
    there = {each["kind"] for each in evidence}
    errors = [
        FieldError(f"/evidence/{each.code}", "evidence_missing",
                   Text(f"请上传“{each.name.zh}”。", f"Attach “{each.name.en}”."))
        for each in kind.evidence
        if each.code not in there
    ]  # fmt: skip
    if errors:
        raise Invalid(Text("佐证材料不全。", "Evidence is missing."), errors=errors, code="evidence_missing")


def ending(found: RegisterRecord, day: date, today: date) -> None:
    """Refuse a last day outside of the record's days, or one that has not come."""
    if day > today:
        raise invalid(
            "/ended_on", "in_the_future", "最后有效日不得晚于今天；将来的终止请更正有效期。",
            "The last day is not after today; correct `valid_to` for a later one.",
        )  # fmt: skip
    last = last_day(found.valid_to, None)
    if day < found.valid_from or (last is not None and day > last):
        raise Conflict(
            Text(f"最后有效日应在 {found.valid_from} 至 {last or '今'} 之间。",
                 f"The last day lies between {found.valid_from} and {last or 'today'}."),
            code="outside_validity", extra={"valid_from": str(found.valid_from), "valid_to": str(last) if last else None},
        )  # fmt: skip
