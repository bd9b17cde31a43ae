"""Return for correction (退回修改): all items at once, a due date, once a step; then the matter lapses."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from pydantic import Field

from kechuang.clock import end_of_day
from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.schemas import Input, Line, Prose
from kechuang.resources import Record
from kechuang.text import Text

DEFAULT_DAYS = 10


class ReturnItem(Input):
    """One thing to correct."""

    pointer: str = Field(description="JSON Pointer of the field", examples=["/answers/revenue"])
    label: Line = Field(description="The field's label on the form", examples=["营业收入"])
    reason: Prose = Field(examples=["与审计报告不一致"])
    material: Line | None = Field(default=None, description="Material to bring, if any")


class ReturnForCorrection(Input):
    """Everything that is to be corrected, once."""

    items: list[ReturnItem] = Field(min_length=1, max_length=100)
    due_on: date | None = Field(
        default=None,
        description="Last day for resubmission; by default the city's period for corrections, else ten days",
    )


def returned(
    uow: UnitOfWork,
    record: Record,
    body: ReturnForCorrection,
    *,
    step: str,
    earlier: list[dict[str, Any]],
    timer: str,
) -> list[dict[str, Any]]:
    """Give the record's list of returns with this one added, and set the timer that lets it lapse.

    Raises Conflict `already_returned` when this step has returned the matter before.
    """
    if any(each["step"] == step for each in earlier):
        raise Conflict(
            Text(
                "同一环节只能退回修改一次，请受理或不予通过。",
                "A step returns a matter once; accept it or refuse it now.",
            ),
            code="already_returned",
        )
    due_on = body.due_on or uow.today + timedelta(days=DEFAULT_DAYS)
    if due_on <= uow.today:
        raise invalid("/due_on", "due_in_past", "截止日应晚于今天。", "The due day lies in the future.")
    uow.schedule(timer, end_of_day(due_on), record.id, record.version + 1)
    entry = {
        "step": step,
        "items": [each.model_dump() for each in body.items],
        "due_on": due_on.isoformat(),
        "by": uow.actor.subject,
        "at": uow.now.isoformat(),
        "from_state": record.state,
    }
    return [*earlier, entry]


def is_due(returns: Sequence[Mapping[str, Any]], today: date) -> bool:
    """Tell whether the last day to answer the latest return has passed."""
    return bool(returns) and date.fromisoformat(returns[-1]["due_on"]) < today


def in_one_line(noted: Mapping[str, Any]) -> str:
    """Write what is to be corrected in one line, for a message."""
    return "；".join(f"{each['label']}：{each['reason']}" for each in noted["items"])
