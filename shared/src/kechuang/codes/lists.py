"""National code lists that travel with the package: areas, industries, disciplines.

Sources: GB/T 2260 (statistics edition of 2023-06-30; only the provinces, cities and counties that the
packs need), GB/T 4754-2017 (sections and divisions), GB/T 13745-2009 (groups and first-level disciplines).
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from kechuang.text import Text

_DATA: Final = files("kechuang.codes") / "data"


@dataclass(frozen=True, slots=True)
class Code:
    """One entry of a code list. `parent` is the code above; `replaced_by` the code that took its place."""

    code: str
    name: Text
    parent: str | None
    replaced_by: str | None = None

    @property
    def current(self) -> bool:
        """Whether new records may use it."""
        return self.replaced_by is None


@cache
def _load(name: str) -> Mapping[str, Code]:
    codes: dict[str, Code] = {}
    with (_DATA / f"{name}.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            code = Code(
                code=row["code"],
                name=Text(zh=row["zh"], en=row["en"]),
                parent=row["parent"] or None,
                replaced_by=row.get("replaced_by") or None,
            )
            if code.code in codes or (code.parent is not None and code.parent not in codes):
                raise ValueError(f"{name}.csv: {code.code} stands twice or before its parent")
            codes[code.code] = code
    return MappingProxyType(codes)


def areas() -> Mapping[str, Code]:
    """GB/T 2260 areas by code, parents first; codes no longer in use name their successor."""
    return _load("areas")


def current_area(code: str) -> str:
    """The code in use today for a GB/T 2260 code that may be historical; an unknown code stays as it is."""
    known = areas().get(code)
    return known.replaced_by if known is not None and known.replaced_by is not None else code


def industries() -> Mapping[str, Code]:
    """GB/T 4754-2017: the 20 sections (门类, letters) and the 97 divisions (大类, two digits)."""
    return _load("industries")


def disciplines() -> Mapping[str, Code]:
    """GB/T 13745-2009: the 5 groups (A to E) and the 62 first-level disciplines (three digits)."""
    return _load("disciplines")
