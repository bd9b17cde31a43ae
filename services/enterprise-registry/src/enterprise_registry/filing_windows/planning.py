"""What a filing window is planned with: form and period, areas, the roster's rule; and how it is shown."""

from collections.abc import Sequence
from typing import Any

from enterprise_registry.filing_windows.schemas import (
    FilingWindowOut,
    FilingWindowRoster,
    FilingWindowRosterRule,
)
from enterprise_registry.filings.periods import PERIODS, PeriodFormatError, last_month
from enterprise_registry.policy.library import Library
from kechuang.db.unit import ReadUnit
from kechuang.errors import FieldError, Invalid, invalid
from kechuang.text import Text
from kechuang_packs import Pack
from kechuang_packs.models.content import FormDefinition
from kechuang_procedure.windows import Window
from kechuang_procedure.windows.domain import is_open


def show(window: Window, unit: ReadUnit) -> FilingWindowOut:
    """The window under its own names."""
    details = window.details
    common = {name: getattr(window, name) for name in _COMMON}
    rule = details["roster"]
    return FilingWindowOut(
        **common, form=window.target, period=details["period"], due_at=window.closes_at,
        is_open=is_open(window, unit.now), remind_days_before=details["remind_days_before"],
        roster=None if rule is None else FilingWindowRosterRule(**{
            name: rule[name] for name in FilingWindowRosterRule.model_fields
        }),
        due_at_opening=details.get("due_at_opening"), counts_at_close=details.get("counts_at_close"),
        reminders=details.get("reminders", []),
    )  # fmt: skip


_COMMON = tuple(
    name for name in FilingWindowOut.model_fields
    if name not in ("form", "period", "due_at", "is_open", "remind_days_before", "roster", "due_at_opening",
                    "counts_at_close", "reminders")
)  # fmt: skip


def form_of(shelf: Library, pack: Pack, code: str, period: str) -> FormDefinition:
    """The form that the window asks, with a period of its kind."""
    form = shelf.form(pack, code)
    if form.purpose != "filing" or form.period == "none":
        raise invalid("/form", "not_a_filing", "该表单不用于定期填报。", "The form is no periodical filing.")
    try:
        last_month(period, form.period)
    except PeriodFormatError:
        raise invalid(
            "/period", "period_format", f"期别格式应为{PERIODS[form.period]}。",
            f"A period looks like {PERIODS[form.period]}.",
        ) from None  # fmt: skip
    return form


def areas_of(shelf: Library, city: str, given: Sequence[str]) -> list[str]:
    """The areas as given, each of the city; the whole city is written with its counties, whose officers see it."""
    areas = shelf.areas()
    wrong = [index for index, each in enumerate(given) if areas.get(each, (None,))[0] != city]
    if wrong:
        raise Invalid(
            Text("地区填写有误。", "An area is wrong."),
            errors=[
                FieldError(f"/areas/{index}", "area_unknown",
                           Text("不是该城市的地区。", "Not an area of the city."))
                for index in wrong
            ],
        )  # fmt: skip
    if given and city not in given:
        return list(dict.fromkeys(given))
    return [
        city,
        *sorted(
            id_
            for id_, (of, area) in areas.items()
            if of == city and area.reports == "division" and id_ != city
        ),
    ]


def rule_of(shelf: Library, pack: Pack, given: FilingWindowRoster | None) -> dict[str, Any] | None:
    """The rule as data; a given list itself stands in the roster, since a window is public."""
    if given is None:
        return None
    rule = given.model_dump(exclude={"organisations"})
    rule["listed"] = None if given.organisations is None else len(set(given.organisations))
    rule["nodes"] = []
    for index, each in enumerate(given.holds):
        shelf.node(pack, each, f"/roster/holds/{index}")
        rule["nodes"].append(shelf.canonical(pack, each))
    return rule
