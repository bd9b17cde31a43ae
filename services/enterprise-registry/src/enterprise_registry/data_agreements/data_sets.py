"""The data sets that agreements may cover, with their fields. None holds data of persons."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from enterprise_registry.organisations.store import ORGANISATIONS
from enterprise_registry.recognitions.store import RECOGNITIONS
from kechuang.text import Text

PAGE = 1000


@dataclass(frozen=True, slots=True)
class DataSet:
    """A data set that can be provided: rows of a table, by these fields."""

    name: Text
    table: sa.Table
    fields: tuple[str, ...]
    needs: tuple[str, ...] = ()
    """Values that a row must have to be provided; drafts and the like are left out."""

    def select(self, city: str, divisions: list[str], fields: list[str], after: str | None) -> sa.Select[Any]:
        """Select one page of a city's rows, by id."""
        columns = [self.table.c.id, *(self.table.c[each] for each in fields)]
        statement = sa.select(*columns).where(self.table.c.city == city)
        if divisions:
            statement = statement.where(self.table.c.division.in_(divisions))
        if self.needs:
            statement = statement.where(self.table.c.state.in_(self.needs))
        if after is not None:
            statement = statement.where(self.table.c.id > after)
        return statement.order_by(self.table.c.id).limit(PAGE + 1)


PROVIDED: Mapping[str, DataSet] = {
    "organisations": DataSet(
        Text("单位", "Organisations"), ORGANISATIONS.table,
        ("uscc", "name", "kind", "scale", "industry", "chains", "division", "zones", "state", "established_on",
         "registered_on"),
        ("active", "suspended", "deregistered"),
    ),
    "recognitions": DataSet(
        Text("认定", "Recognitions"), RECOGNITIONS.table,
        ("organisation", "kind", "level", "certificate_no", "document_no", "issued_on", "valid_from", "valid_to",
         "ended_on", "state", "division"),
    ),
}  # fmt: skip
RECEIVED: Mapping[str, tuple[str, ...]] = {
    "recognitions": (
        "organisation",
        "kind",
        "issued_on",
        "valid_from",
        "valid_to",
        "certificate_no",
        "document_no",
    ),
}
"""What a partner may hand in: data set → fields."""
