"""Lead banks on the wire."""

from datetime import date

from pydantic import Field

from kechuang.codes import Uscc
from kechuang.http.schemas import ExternalId, Input, Prose, RecordOut


class LeadBankCreate(Input):
    """The enterprise names the bank that it wants as its lead bank."""

    organisation: Uscc | None = Field(default=None, description="The token's organisation when left out")
    bank: Uscc = Field(description="A registered financial institution")
    external_ids: list[ExternalId] = Field(default_factory=list, max_length=10)


class LeadBankReason(Input):
    """Why."""

    reason: Prose


class LeadBankOut(RecordOut):
    """A lead bank from `valid_from` to the end of `valid_to`; null while it goes on."""

    bank: str
    valid_from: date | None
    valid_to: date | None
    reason: str | None
