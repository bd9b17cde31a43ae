"""A scoring model: its states, who sees it, and its content as the engine reads it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from kechuang import access
from kechuang.errors import FieldError, Invalid
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text
from kechuang_packs.checks.scoring import dimension_faults
from kechuang_packs.models.scoring import ScoringModelDimension
from kechuang_packs.visibility import Visible

STATES = {
    "draft": Text("草稿", "Draft"),
    "published": Text("已发布", "Published"),
    "superseded": Text("已被替代", "Superseded"),
}
PURPOSES = {"portrait": Text("创新画像", "Innovation portrait")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoringModel(Record):
    """A city's model. `edition` counts from 1 within city and code; `dimensions` are as a pack writes them.

    It is in force from `published_on` to the day before `superseded_on`; `pack` is the version that its facts,
    nodes and registers are read from. `loaded_from` names the pack's model that it began as.
    """

    code: str
    edition: int
    name_zh: str
    name_en: str
    purpose: str
    dimensions: Sequence[Mapping[str, Any]]
    loaded_from: str | None
    document_no: str | None
    published_on: date | None
    superseded_on: date | None
    supersedes: str | None

    def parsed(self) -> tuple[ScoringModelDimension, ...]:
        """Give the dimensions as the pack's format reads them."""
        return tuple(ScoringModelDimension.model_validate(each) for each in self.dimensions)


MACHINE = Machine(
    "scoring-models",
    STATES,
    "draft",
    (
        verb("update", "修改", "Update", from_="draft", handles=True),
        verb("publish", "发布", "Publish", from_="draft", to="published", decides=True, not_by_handler=True),
        verb("supersede", "被替代", "Be superseded", from_="published", to="superseded", automatic=True),
    ),
    awaits=(Awaits("draft", "publish"),),
)  # fmt: skip


def sight(model: ScoringModel) -> Iterable[str]:
    """The city's officers; everybody once it was published, since it judges everybody."""
    yield from access.place(model.city)
    if model.state != "draft":
        yield from access.PUBLIC


def require_sound(dimensions: Sequence[ScoringModelDimension], visible: Visible) -> None:
    """Refuse weights that do not sum to the whole, sources that do not exist, values of another unit.

    Raises Invalid with every fault at its place, such as `/dimensions/0/indicators/1/weight`.
    """
    errors = [
        FieldError("/".join(["/dimensions", *map(str, each.path)]), each.code, Text(each.zh, each.en))
        for each in dimension_faults(dimensions, visible)
    ]
    if errors:
        raise Invalid(
            Text(f"评分模型有 {len(errors)} 处需要更正。", f"{len(errors)} thing(s) of the model need correction."),
            errors=errors, code="model_invalid",
        )  # fmt: skip
