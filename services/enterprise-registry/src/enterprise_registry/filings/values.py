"""What a filing says as the numbers that checks and totals compute with: money in fen, rates as fractions."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Final

from enterprise_registry.filings.periods import bounds
from kechuang import money
from kechuang_packs.expressions import parse
from kechuang_packs.models.content import FormDefinition
from kechuang_packs.scalar import Missing, Value, evaluate

LAST: Final = 1
"""The period filed, in the evaluator's counting of years; `ago(x, 1)` is the same form of the period before."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Where the names of a form's checks get their values; `before` are those of the period before."""

    values: Mapping[str, Value]
    on: date
    before: Mapping[str, Value] = field(default_factory=dict)

    def lookup(self, key: str, years_ago: int) -> Value | Missing:
        """The value of a field or a sum; what was left open is missing."""
        found = {LAST: self.values, LAST + 1: self.before}.get(years_ago, {})
        return found[key] if key in found else Missing(frozenset({(key, years_ago)}))


def answers(
    form: FormDefinition, period: str, facts: Mapping[str, Any], projects: Iterable[Mapping[str, Any]]
) -> dict[str, Value]:
    """Give the fields of a form and its sums over projects; what is blank or no value of its kind is left out."""
    rows = list(projects)
    found = read(form.fields, facts) | _days(form, period)
    for each in form.sums:
        found[each.code] = _sum(form, period, each.of, each.where, rows)
    return found


def project_answers(form: FormDefinition, period: str, project: Mapping[str, Any]) -> dict[str, Value]:
    """Give the fields of one project: those that every project has, and those that the form asks."""
    found: dict[str, Value] = _days(form, period) | read(form.projects or {}, project["answers"])
    for name in ("staff", "person_months"):
        if project[name] is not None:
            found[name] = project[name]
    for name in ("started_on", "ended_on"):
        if project[name] is not None:
            found[name] = date.fromisoformat(project[name]).toordinal()
    return found | {"title": project["title"], "spent": project["spent_fen"]}


def read(schema: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Value]:
    """Read answers by their JSON Schema; one that does not fit is left out, the schema has told about it."""
    found: dict[str, Value] = {}
    described = schema.get("properties", {})
    for name, each in given.items():
        value = _value(described[name], each) if name in described else None
        if value is not None:
            found[name] = value
    return found


def _value(described: Mapping[str, Any], given: Any) -> Value | None:
    if not isinstance(given, str):
        return given if isinstance(given, bool | int) else None
    try:
        return _text(described, given)
    except (ValueError, InvalidOperation):
        return None


def _text(described: Mapping[str, Any], given: str) -> Value:
    if described.get("format") == "date":
        return date.fromisoformat(given).toordinal()
    if described.get("x-unit") == "元":
        return money.parse(given)
    return Fraction(Decimal(given)) / 100 if described.get("x-unit") == "%" else given


def _days(form: FormDefinition, period: str) -> dict[str, Value]:
    first, last = bounds(period, form.period)
    return {"period_begins": first.toordinal(), "period_ends": last.toordinal()}


def _sum(
    form: FormDefinition, period: str, of: str | None, where: str | None, projects: list[Mapping[str, Any]]
) -> int:
    """Sum a field over the projects of which `where` is true; a blank counts nothing."""
    condition = parse(where) if where is not None else None
    on = bounds(period, form.period)[1]
    total = 0
    for each in projects:
        row = Answers(project_answers(form, period, each), on)
        if condition is not None and evaluate(condition, row) is not True:
            continue
        value = 1 if of is None else row.values.get(of, 0)
        total += int(value) if isinstance(value, int) else 0
    return total
