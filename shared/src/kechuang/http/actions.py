"""What a caller may do: with a record, and with the resource as a whole.

Read from the same table, machine and guards as the transition itself, so that a screen never offers what
would be refused, and says why the rest is not offered.
"""

from typing import Any, Literal

from fastapi import Request

from kechuang.db.unit import ReadUnit
from kechuang.http.route import Read
from kechuang.http.schemas import Action, ActionReason, Actions
from kechuang.http.view import Endpoint, RecordId, View
from kechuang.states import Verb
from kechuang.text import Text, negotiate

Language = Literal["zh", "en"]
_REMIT = Text("不在您的职权范围内", "outside your remit")
_ROLE = Text("您的角色不能执行此操作", "your roles may not do this")


class Acts:
    """The verbs that one caller's roles can ever use; `of` tells of each whether it may be used now."""

    def __init__(self, view: View[Any, Any], unit: ReadUnit, language: Language) -> None:
        self._view, self._unit, self._language = view, unit, language
        resource, permissions = view.resource, unit.permissions
        self._states = {name: text.in_(language) for name, text in resource.machine.states.items()}
        self._verbs: list[tuple[Verb, str, str, str]] = [
            (each, action, each.label.in_(language), f"{each.name.replace('-', '_')}_{resource.singular}")
            for each in resource.machine.verbs
            if not each.automatic and permissions.may_ever(unit.actor, action := resource.action(each.name))
        ]

    def of(self, record: Any) -> list[Action]:
        """Tell what the caller may do with this record."""
        actor, permissions, language = self._unit.actor, self._unit.permissions, self._language
        found = []
        for verb, action, label, operation_id in self._verbs:
            reasons = [
                ActionReason(code=each.code, detail=each.detail.in_(language))
                for each in self._view.records.reasons(actor, verb, record)
            ]
            if record.state not in verb.from_:
                reasons.append(ActionReason(code="state_forbids", detail=self._states[record.state]))
            if not permissions.permits(actor, action, record.sight):
                reasons.append(ActionReason(code="not_permitted", detail=_REMIT.in_(language)))
            found.append(
                Action(
                    verb=verb.name,
                    label=label,
                    allowed=not reasons,
                    reasons=reasons,
                    operation_id=operation_id,
                    requires_if_match=verb.decides or verb.name == "update",
                )
            )
        return found


def language_of(request: Request) -> Language:
    """The language that the caller reads."""
    return negotiate(request.headers.get("accept-language"))


def record_actions_endpoint(view: View[Any, Any]) -> Endpoint:
    """`GET /<resource>/{id}/actions`."""

    async def actions(record_id: RecordId, unit: Read, request: Request) -> Actions:
        record = await view.records.get(unit, record_id)
        return Actions(items=Acts(view, unit, language_of(request)).of(record))

    actions.__doc__ = "What this caller may do with the record now, and for the rest why not."
    return actions


def resource_actions_endpoint(view: View[Any, Any]) -> Endpoint:
    """`GET /<resource>/actions`."""

    async def actions(unit: Read, request: Request) -> Actions:
        return Actions(items=_offered(view, unit, language_of(request)))

    actions.__doc__ = (
        "Whether this caller may create, import and export here; what a record's body must hold is said by "
        "trying with `dry_run=true`."
    )
    return actions


def _offered(view: View[Any, Any], unit: ReadUnit, language: Language) -> list[Action]:
    found = []
    for each in view.offers:
        if not unit.permissions.knows(each.action):
            continue
        allowed = unit.permissions.may_ever(unit.actor, each.action)
        refused = [] if allowed else [ActionReason(code="not_permitted", detail=_ROLE.in_(language))]
        found.append(
            Action(
                verb=each.name,
                label=each.label.in_(language),
                allowed=allowed,
                reasons=refused,
                operation_id=each.operation_id,
                requires_if_match=False,
            )
        )
    return found
