"""Who is due: the roster's rule as conditions of one statement over organisations."""

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa

from enterprise_registry.filings.periods import before
from enterprise_registry.filings.store import FILINGS
from enterprise_registry.organisations.store import ORGANISATIONS
from enterprise_registry.recognitions.counts import held_on
from enterprise_registry.recognitions.store import table as _recognition
from kechuang_procedure.windows import Window

_firm, _filing = ORGANISATIONS.table, FILINGS.table
_ABOVE_SCALE = "above_scale"


def in_areas(window: Window) -> sa.ColumnElement[bool]:
    """Verified organisations of the window's places: the whole city, counties, zones."""
    place: sa.ColumnElement[bool] = sa.true()
    if window.city not in window.areas:
        areas = list(window.areas)
        place = sa.or_(_firm.c.division.in_(areas), _firm.c.zones.overlap(areas))
    return sa.and_(_firm.c.state == "active", _firm.c.city == window.city, place)


def conditions(window: Window, rule: Mapping[str, Any], kind: str, day: date) -> list[Any]:
    """The conditions of a rule on a day; `kind` is the form's kind of period. All that are given must hold."""
    found: list[Any] = [in_areas(window)]
    found += [_firm.c[name].in_(rule[f"{name}s"]) for name in ("kind", "scale") if rule.get(f"{name}s")]
    if rule.get("industries"):
        found.append(
            sa.or_(*(_firm.c.industry.startswith(each, autoescape=True) for each in rule["industries"]))
        )
    if rule.get("above_scale") is not None:
        stated = _firm.c.facts[_ABOVE_SCALE]["value"].astext
        found.append(sa.func.coalesce(stated, "false") == ("true" if rule["above_scale"] else "false"))
    if rule.get("nodes"):
        held = (
            _recognition.c.organisation == _firm.c.uscc,
            _recognition.c.node.in_(rule["nodes"]),
            held_on(day),
        )
        found.append(sa.exists().where(*held))
    if rule.get("filed_before") is not None:
        filed = sa.exists().where(
            _filing.c.organisation == _firm.c.uscc,
            _filing.c.form == window.target,
            _filing.c.period == before(window.details["period"], kind),
            _filing.c.state == "verified",
        )
        found.append(filed if rule["filed_before"] else ~filed)
    return found
