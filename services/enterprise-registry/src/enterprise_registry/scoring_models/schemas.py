"""Scoring models on the wire."""

from datetime import date
from typing import Any, ClassVar

from pydantic import Field, ValidationInfo, field_validator

from kechuang.http.schemas import Input, Line, Output, Prose, RecordOut
from kechuang.text import Text, field_error
from kechuang_packs.models.common import Code
from kechuang_packs.models.scoring import ScoringModelDimension

EXAMPLE: dict[str, Any] = {"city": "440700", "from_pack": "innovation_portrait"}
DIMENSIONS: list[dict[str, Any]] = [
    {
        "code": "rd_input",
        "name": {"zh": "研发投入", "en": "R&D input"},
        "weight": 60,
        "indicators": [
            {
                "code": "rd_intensity",
                "name": {"zh": "研发费用占营业收入比重", "en": "R&D share of operating revenue"},
                "weight": 60,
                "measures": [{"fact": "rd_share_of_revenue", "line": {"zero_at": "0%", "full_at": "10%"}}],
            }
        ],
    },
    {
        "code": "growth",
        "name": {"zh": "成长性", "en": "Growth"},
        "weight": 40,
        "indicators": [
            {
                "code": "revenue",
                "name": {"zh": "营业收入（同类排位）", "en": "Operating revenue among peers"},
                "weight": 40,
                "measures": [{"fact": "operating_revenue", "percentile": True}],
            }
        ],
    },
]


class ScoringModelName(Input):
    """A name in both languages."""

    zh: Line
    en: Line


class ScoringModelCreate(Input):
    """A draft: one that a pack provides (`from_pack`), or one's own dimensions."""

    city: Line | None = Field(default=None, description="Area id; the officer's first area when left out")
    from_pack: Line | None = Field(
        default=None, description="Code of a portrait model that the city's pack sees"
    )
    code: Code | None = Field(
        default=None, validate_default=True, description="The pack model's own when left out"
    )
    name: ScoringModelName | None = Field(default=None, validate_default=True)
    dimensions: list[ScoringModelDimension] | None = Field(
        default=None, min_length=1, max_length=20, validate_default=True, description="Weights sum to 100"
    )

    @field_validator("code", "name", "dimensions")
    @classmethod
    def _one_content(cls, value: Any, info: ValidationInfo) -> Any:
        if value is None and info.data.get("from_pack") is None:
            raise field_error(
                "needed_without_from_pack",
                Text("未指定 from_pack 时必填。", "Needed where `from_pack` is left out."),
            )
        return value


class ScoringModelPatch(Input):
    """What to change of a draft; `dimensions` are replaced as a whole."""

    example: ClassVar[dict[str, Any]] = {"dimensions": DIMENSIONS}
    name: ScoringModelName | None = None
    dimensions: list[ScoringModelDimension] | None = Field(default=None, min_length=1, max_length=20)


class ScoringModelPublish(Input):
    """The decision to use it from today on."""

    example: ClassVar[dict[str, Any]] = {"document_no": "江科〔2024〕12号"}
    document_no: Line | None = None
    reason: Prose | None = None


class ScoringModelOut(RecordOut):
    """A model; in force from `published_on` to the day before `superseded_on`."""

    code: str
    edition: int = Field(description="Counts from 1 within city and code; scores name it")
    name_zh: str
    name_en: str
    purpose: str
    dimensions: list[dict[str, Any]] = Field(description="As in a policy pack's scoring.yaml")
    loaded_from: str | None = Field(description="The pack's model that it began as")
    document_no: str | None
    published_on: date | None
    superseded_on: date | None
    supersedes: str | None = Field(description="The model that it took the place of")


class ScoringModelDefault(Output):
    """A model that a pack provides."""

    code: str
    pack: str
    version: str
    name_zh: str
    name_en: str
    product_default: bool = Field(description="The product's proposal and no policy of the city")
    dimensions: list[dict[str, Any]]


class ScoringModelDefaults(Output):
    """The portrait models that a city may load as a draft."""

    city: str
    items: list[ScoringModelDefault]
