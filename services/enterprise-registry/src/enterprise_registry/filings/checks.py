"""Checks of a form over its fields: expressions of the pack that must hold, blocking or warning."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from enterprise_registry.filings.periods import year_of
from enterprise_registry.ladders.factbase import FactBase, FactRef, Filed
from enterprise_registry.ladders.vocabulary import Vocabulary
from enterprise_registry.policy.facts import FactFormatError, stored
from kechuang.errors import FieldError
from kechuang.text import Text
from kechuang_packs.expressions import parse
from kechuang_packs.models.content import FormDefinition
from kechuang_packs.scalar import Missing, evaluate


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


def check_fields(
    words: Vocabulary, form: FormDefinition, period: str, answers: Mapping[str, Any]
) -> tuple[list[FieldError], list[dict[str, str]]]:
    """Give the blocking faults and the warnings of the form's checks; one that lacks a value is skipped."""
    after = date(year_of(period) + 1, 1, 1)
    base = FactBase(words, after, filed_facts(words, form, period, answers, verified=False))
    errors: list[FieldError] = []
    warnings: list[dict[str, str]] = []
    for check in form.checks:
        result = evaluate(parse(check.expression), base)
        if isinstance(result, Missing) or result is True:
            continue
        if check.level == "error":
            errors.append(FieldError("/facts", check.code, Text(check.message.zh, check.message.en)))
        else:
            warnings.append(
                {"code": check.code, "detail_zh": check.message.zh, "detail_en": check.message.en}
            )
    return errors, warnings
