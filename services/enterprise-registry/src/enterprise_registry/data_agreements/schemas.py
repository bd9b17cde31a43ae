"""What goes over the wire for data agreements."""

from datetime import date, datetime
from typing import Any, Literal

from pydantic import Field

from kechuang.http.schemas import ExternalId, Input, Line, Output, Prose, RecordOut, merge_patch

EXAMPLE = {
    "city": "440700", "title": "与市统计局共享科技型企业名录", "partner": "江门市统计局",
    "partner_unit": "jiangmen-statistics", "purpose": "研发统计单位核对", "legal_basis": "《政务数据共享条例》",
    "condition": "conditional", "document_no": "江数协〔2024〕3号", "valid_from": "2024-04-01", "valid_to": "2026-03-31",
    "data_sets": [{"data_set": "recognitions", "direction": "provide",
                   "fields": ["organisation", "kind", "valid_from", "valid_to"]}],
}  # fmt: skip


class DataAgreementSet(Input):
    """A data set that the agreement covers; `fields` are those that may be exchanged."""

    data_set: Line = Field(examples=["recognitions"])
    direction: Literal["provide", "receive"]
    fields: list[Line] = Field(min_length=1, max_length=50)


class _Content(Input):
    title: Line
    partner: Line = Field(description="The partner's name")
    partner_unit: Line | None = Field(default=None, description="Unit id that its officers' tokens carry")
    partner_client: Line | None = Field(default=None, description="Client id of its system")
    purpose: Prose = Field(description="The duty for which the data is used, and no other")
    legal_basis: Prose
    condition: Literal["unconditional", "conditional"] = Field(description="无条件共享、有条件共享")
    document_no: Line | None = None
    data_sets: list[DataAgreementSet] = Field(min_length=1, max_length=20)
    divisions: list[Line] = Field(
        default_factory=list, max_length=50, description="Counties; empty: the whole city"
    )
    valid_from: date
    valid_to: date
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class DataAgreementCreate(_Content):
    """An agreement; it is a draft until somebody else activates it."""

    city: Line = Field(description="Area id", examples=["440700"])


@merge_patch
class DataAgreementPatch(_Content):
    """Fields to change while it is a draft (JSON Merge Patch)."""


class DataAgreementReason(Input):
    """Why."""

    reason: Prose


class DataAgreementProvide(Input):
    """Which data set is taken, and for which duty."""

    data_set: Line
    duty: Prose = Field(description="What it is used for now; kept in the trace")
    cursor: str | None = Field(default=None, max_length=1000)


class DataAgreementReceive(Input):
    """Rows that the partner hands in."""

    data_set: Line
    duty: Prose
    rows: list[dict[str, Any]] = Field(min_length=1, max_length=1000)


class DataAgreementOut(RecordOut):
    """An agreement."""

    title: str
    partner: str
    partner_unit: str | None
    partner_client: str | None
    purpose: str
    legal_basis: str
    condition: str
    document_no: str | None
    data_sets: list[dict[str, Any]]
    divisions: list[str]
    valid_from: date
    valid_to: date
    reason: str | None


class DataAgreementExchange(Output):
    """One exchange: who took or gave what, when, for which duty."""

    id: str
    direction: str
    data_set: str
    fields: list[str]
    rows: int
    refused: int
    digest: str = Field(description="SHA-256 of the rows as canonical JSON")
    duty: str
    subject: str
    client: str | None
    unit: str | None
    at: datetime


class DataAgreementData(Output):
    """What was provided, with its trace; ask again with `next_cursor` until it is null."""

    exchange: DataAgreementExchange
    rows: list[dict[str, Any]] = Field(description="None in a rehearsal: what leaves no trace is not given")
    next_cursor: str | None


class DataAgreementRow(Output):
    """What became of a row."""

    row: int = Field(description="Its place, from 0")
    status: Literal["created", "known", "refused"]
    id: str | None
    code: str | None
    detail: str | None
    detail_en: str | None


class DataAgreementReceipt(Output):
    """What was received, row by row."""

    exchange: DataAgreementExchange
    rows: list[DataAgreementRow]
