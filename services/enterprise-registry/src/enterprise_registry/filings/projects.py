"""The R&D projects of a filing: as they are kept, and what a form asks of each of them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from enterprise_registry.filings.schemas import FilingProject, FilingProjectOut
from kechuang.errors import FieldError
from kechuang_packs.models.content import FormDefinition
from kechuang_procedure import forms

_NOTHING_MORE: Mapping[str, Any] = {"type": "object", "additionalProperties": False, "properties": {}}


def kept(projects: Iterable[FilingProject]) -> list[dict[str, Any]]:
    """The projects as they are stored: days as text, money in fen."""
    return [
        {
            "title": each.title,
            "started_on": each.started_on.isoformat(),
            "ended_on": each.ended_on.isoformat() if each.ended_on else None,
            "staff": each.staff,
            "person_months": each.person_months,
            "spent_fen": int(each.spent_fen),
            "answers": dict(each.answers),
        }
        for each in projects
    ]


def check(form: FormDefinition, projects: Sequence[Mapping[str, Any]], *, complete: bool) -> list[FieldError]:
    """Faults of what the form asks of each project."""
    schema = form.projects or _NOTHING_MORE
    return [
        error
        for index, each in enumerate(projects)
        for error in forms.check(
            schema, each["answers"], pointer=f"/rd_projects/{index}/answers", complete=complete
        )
    ]


def shown(projects: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The projects as on the wire, for the receipt's digest."""
    return [FilingProjectOut.model_validate(each).model_dump(mode="json") for each in projects]
