"""Facts on the wire and as rules read them: money as decimal text ↔ fen, rates in percent ↔ parts per million."""

from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from enterprise_registry.ladders.vocabulary import Fact, Vocabulary, vocabulary
from kechuang import money
from kechuang.errors import FieldError
from kechuang.text import Text
from kechuang_packs import Pack, Packs
from kechuang_packs.models.facts import Unit
from kechuang_packs.quantities import PPM, SCALE

Stored = int | bool | str | date


class FactFormatError(ValueError):
    """The value is none of the fact's unit."""


def vocabulary_of(packs: Packs, pack: Pack) -> Vocabulary:
    """The compiled facts of a loaded pack."""
    return vocabulary(packs, pack.id, pack.version)


def stored(fact: Fact, value: Any) -> Stored:
    """Read a wire value (JSON) into what rules compare; raises FactFormatError."""
    try:
        match fact.unit:
            case Unit.CNY:
                return money.parse(str(value))
            case Unit.flag:
                if not isinstance(value, bool):
                    raise FactFormatError(fact.key)
                return value
            case Unit.code:
                return str(value)
            case Unit.date:
                return date.fromisoformat(value)
            case Unit.percent | Unit.point:
                whole = Decimal(str(value)) * SCALE[fact.unit]
                if whole != whole.to_integral_value():
                    raise FactFormatError(fact.key)
                return int(whole)
            case _:
                if isinstance(value, bool) or not isinstance(value, int):
                    raise FactFormatError(fact.key)
                return value
    except (ValueError, TypeError, InvalidOperation) as error:
        raise FactFormatError(fact.key) from error


def shown(unit: Unit, value: Any) -> Any:
    """Write an evaluated value for the wire: a rate (an exact fraction of one) becomes percent."""
    if value is not None and unit in (Unit.ratio, Unit.percent):
        return shown_stored(unit, round(value * PPM))
    return shown_stored(unit, value)


def shown_stored(unit: Unit, value: Any) -> Any:
    """Write a stored value for the wire: fen as `"123.40"`, parts per million as percent, hundredths as points."""
    if value is None or isinstance(value, bool | str):
        return value
    if unit is Unit.CNY:
        return money.format(round(value))
    if unit is Unit.date:
        return date.fromordinal(value).isoformat() if isinstance(value, int) else value.isoformat()
    if unit in SCALE:
        return _decimal(Decimal(int(value)) / SCALE[unit])
    return int(value) if value == int(value) else _decimal(Decimal(round(value * 10_000)) / 10_000)


def _decimal(value: Decimal) -> str:
    text = format(value, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def check_registration_facts(
    words: Vocabulary, facts: Mapping[str, Any], pointer: str
) -> Iterator[FieldError]:
    """Faults of facts that are stated at registration: those with one value, not one a year."""
    for key, value in facts.items():
        fact = words.facts.get(key)
        if fact is None or fact.yearly or fact.expr is not None or fact.table is not None:
            yield FieldError(
                f"{pointer}/{key}", "fact_unknown",
                Text("不是登记类指标；年度指标请通过年报填报。",
                     "Not a fact of registration; yearly facts are filed with the annual form."),
            )  # fmt: skip
            continue
        try:
            stored(fact, value)
        except FactFormatError:
            yield FieldError(
                f"{pointer}/{key}", "fact_format",
                Text(f"应为“{fact.unit.value}”类型的值。", f"A value of unit {fact.unit.value} is needed."),
            )  # fmt: skip
