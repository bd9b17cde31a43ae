"""Checks of a form over its fields, its projects and the form beside it: blocking or warning."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from enterprise_registry.filings.periods import bounds, year_of
from enterprise_registry.filings.values import LAST, Answers, answers, project_answers
from enterprise_registry.ladders.factbase import FactRef, Filed
from enterprise_registry.ladders.vocabulary import Vocabulary
from enterprise_registry.policy.facts import FactFormatError, stored
from kechuang.errors import FieldError
from kechuang.text import Text
from kechuang_packs.expressions import parse
from kechuang_packs.models.content import FormCheck, FormDefinition
from kechuang_packs.scalar import Missing, Value, evaluate


def filed_facts(
    words: Vocabulary, form: FormDefinition, period: str, answers: Mapping[str, Any], *, verified: bool
) -> dict[FactRef, Filed]:
    """Give what the answers say as facts: a form's field names its fact with `x-fact`.

    Answers that do not fit are left out; the form's schema has told about them.
    """
    found: dict[FactRef, Filed] = {}
    for name, described in form.fields.get("properties", {}).items():
        fact = words.facts.get(described.get("x-fact", ""))
        if fact is None or name not in answers or answers[name] is None:
            continue
        try:
            value = stored(fact, answers[name])
        except FactFormatError:
            continue
        found[fact.key, year_of(period) if fact.yearly else None] = Filed(value, verified)
    return found


@dataclass(frozen=True, slots=True)
class Checked:
    """A filing before its checks: `before` and `beside` are the values of the period before and of the other form."""

    form: FormDefinition
    period: str
    facts: Mapping[str, Any]
    projects: Sequence[Mapping[str, Any]]
    before: Mapping[str, Value] = field(default_factory=dict)
    beside: Mapping[str, Value] = field(default_factory=dict)

    def values(self) -> Answers:
        """What the form's checks read."""
        own = answers(self.form, self.period, self.facts, self.projects)
        return Answers({**self.beside, **own}, bounds(self.period, self.form.period)[1], self.before)


def check_fields(filing: Checked) -> tuple[list[FieldError], list[dict[str, str]]]:
    """Give the blocking faults and the warnings of the form's checks; one that lacks a value is skipped.

    A fault points to the form's facts, or to the project that breaks a check of each project.
    """
    errors: list[FieldError] = []
    warnings: list[dict[str, str]] = []
    values = filing.values()
    for check in filing.form.checks:
        for pointer, message in _broken(filing, check, values):
            if check.level == "error":
                errors.append(FieldError(pointer, check.code, message))
            else:
                warnings.append({"code": check.code, "detail_zh": message.zh, "detail_en": message.en})
    return errors, warnings


def _broken(filing: Checked, check: FormCheck, values: Answers) -> list[tuple[str, Text]]:
    expression, message = parse(check.expression), Text(check.message.zh, check.message.en)
    if check.each is None:
        result = evaluate(expression, values, LAST)
        return [] if isinstance(result, Missing) or result is True else [("/facts", message)]
    on = bounds(filing.period, filing.form.period)[1]
    found = []
    for index, project in enumerate(filing.projects):
        row = Answers(project_answers(filing.form, filing.period, project), on)
        result = evaluate(expression, row, LAST)
        if not isinstance(result, Missing) and result is not True:
            said = Text(
                f"第{index + 1}个项目“{project['title']}”：{message.zh}",
                f"Project {index + 1} “{project['title']}”: {message.en}",
            )
            found.append((f"/rd_projects/{index}", said))
    return found


def totals(filing: Checked) -> dict[str, int]:
    """Give the form's totals: whole numbers, money in fen; one whose fields were left open is left out."""
    found: dict[str, int] = {}
    values = filing.values()
    for each in filing.form.totals:
        value = evaluate(parse(each.expression), values, LAST)
        if isinstance(value, int) and not isinstance(value, bool):
            found[each.code] = value
    return found
