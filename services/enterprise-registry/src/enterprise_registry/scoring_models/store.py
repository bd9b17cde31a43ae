"""The table of scoring models: one published a city and purpose."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from enterprise_registry.metadata import metadata
from enterprise_registry.scoring_models.domain import MACHINE, ScoringModel, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

table = record_table(
    "scoring_model",
    metadata,
    "SM",
    sa.Column("code", sa.Text, nullable=False),
    sa.Column("edition", sa.Integer, nullable=False),
    sa.Column("name_zh", sa.Text, nullable=False),
    sa.Column("name_en", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("dimensions", JSONB, nullable=False),
    sa.Column("loaded_from", sa.Text),
    sa.Column("document_no", sa.Text),
    sa.Column("published_on", sa.Date),
    sa.Column("superseded_on", sa.Date),
    sa.Column("supersedes", sa.Text),
    sa.Index("scoring_model_edition", "city", "code", "edition", unique=True),
    sa.Index("scoring_model_published", "city", "purpose", unique=True,
             postgresql_where=sa.text("state = 'published'")),
)  # fmt: skip

SCORING_MODELS: Resource[ScoringModel] = Resource(
    name="scoring-models",
    singular="scoring_model",
    title=Text("评分模型", "Scoring model"),
    table=table,
    record=ScoringModel,
    machine=MACHINE,
    sight=sight,
    describe=lambda model: f"{model.name_zh} 第{model.edition}版",
    filters={
        "code": Filter("code", Text("代码", "Code")),
        "purpose": Filter("purpose", Text("用途", "Purpose")),
        "city": Filter("city", Text("城市", "City")),
    },
)
scoring_models = Records(SCORING_MODELS)
