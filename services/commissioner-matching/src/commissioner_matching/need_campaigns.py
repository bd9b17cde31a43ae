"""Need campaigns (需求征集): windows during which a city collects technical needs."""

from commissioner_matching.metadata import metadata
from kechuang.text import Text
from kechuang_procedure.windows.feature import Windows

need_campaigns = Windows(
    metadata,
    resource="need-campaigns",
    singular="need_campaign",
    table="need_campaign",
    prefix="NC",
    title=Text("需求征集", "Need campaign"),
)
