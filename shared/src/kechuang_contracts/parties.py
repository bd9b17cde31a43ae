"""Payload parts that several events share."""

from pydantic import BaseModel, ConfigDict, Field


class Placed(BaseModel):
    """Where a record belongs: figures by division add up, zones are an overlay."""

    model_config = ConfigDict(frozen=True)
    city: str | None
    division: str | None
    zones: list[str] = Field(default_factory=list)
