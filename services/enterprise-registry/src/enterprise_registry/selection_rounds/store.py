"""The tables of selection rounds: the round, its score sheets, its list of who gets what."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert

from enterprise_registry.metadata import metadata
from enterprise_registry.selection_rounds.domain import MACHINE, SelectionRound, sight
from enterprise_registry.selection_rounds.ranking import Sheet
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

table = record_table(
    "selection_round",
    metadata,
    "SR",
    sa.Column("title", sa.Text, nullable=False),
    sa.Column("kind", sa.Text, nullable=False),
    sa.Column("honour", sa.Text, nullable=False),
    sa.Column("target", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("scheme", JSONB, nullable=False),
    sa.Column("tie_rule", sa.Text, nullable=False),
    sa.Column("pass_mark", sa.Text),
    sa.Column("sheets_needed", sa.Integer, nullable=False),
    sa.Column("scorers", ARRAY(sa.Text), nullable=False, server_default="{}"),
    sa.Column("quota", sa.Text, nullable=False),
    sa.Column("plan", JSONB),
    sa.Column("window", sa.Text),
    sa.Column("places", sa.Integer),
    sa.Column("lot", sa.Text),
    sa.Column("notice", sa.Text),
    sa.Column("decisions", JSONB, nullable=False, server_default="[]"),
    sa.Index("selection_round_quota", "quota"),
    searched=True,
)
score = sa.Table(
    "selection_score",
    metadata,
    sa.Column("round", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True),
    sa.Column("scorer", sa.Text, primary_key=True),
    sa.Column("revision", sa.Integer, primary_key=True, comment="the greatest one counts; earlier ones stay"),
    sa.Column("points", JSONB, nullable=False, comment="line → hundredths of a point"),
    sa.Column("opinion", sa.Text),
    sa.Column("scored_at", sa.DateTime(timezone=True), nullable=False),
)
_entry = sa.Table(
    "selection_entry",
    metadata,
    sa.Column("round", sa.Text, primary_key=True),
    sa.Column("item", sa.Text, primary_key=True, comment="an application, or a recognition under review"),
    sa.Column("number", sa.Text, nullable=False),
    sa.Column("holder", sa.Boolean, nullable=False),
    sa.Column("organisation", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=False),
    sa.Column("rank", sa.Integer),
    sa.Column("score", JSONB, comment="the explained total as it was ranked"),
    sa.Column("proposal", sa.Text, nullable=False),
    sa.Column("reason", sa.Text),
    sa.Column("outcome", sa.Text),
    sa.Column("outcome_reason", sa.Text),
    sa.Column("decided_on", sa.Date),
    sa.Column("recognition", sa.Text),
    sa.Index("selection_entry_organisation", "organisation"),
)

SELECTION_ROUNDS: Resource[SelectionRound] = Resource(
    name="selection-rounds",
    singular="selection_round",
    title=Text("评选", "Selection round"),
    table=table,
    record=SelectionRound,
    machine=MACHINE,
    sight=sight,
    describe=lambda found: found.title,
    search=("title",),
    filters={
        "kind": Filter("kind", Text("评选或复核", "Kind")),
        "honour": Filter("honour", Text("荣誉", "Honour")),
        "quota": Filter("quota", Text("名额", "Quota")),
    },
    unlogged=frozenset({"scorers"}),
    # A scorer must not be found in the history that everybody may read; the audit log knows them.
    hides_actors=True,
)
rounds = Records(SELECTION_ROUNDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line of a round's list: an application, or the recognition of a holder under review."""

    round: str
    item: str
    number: str
    holder: bool
    organisation: str
    label: str
    submitted_at: datetime
    rank: int | None = None
    score: dict[str, Any] | None = None
    proposal: str
    reason: str | None = None
    outcome: str | None = None
    outcome_reason: str | None = None
    decided_on: date | None = None
    recognition: str | None = None


_NAMES = tuple(each.name for each in fields(Entry))
_COLUMNS = [_entry.c[name] for name in _NAMES]


async def entries(unit: ReadUnit | UnitOfWork, round_id: str) -> list[Entry]:
    """Give a round's list: by rank, then those without one."""
    rows = await unit.execute(
        sa.select(*_COLUMNS)
        .where(_entry.c.round == round_id)
        .order_by(_entry.c.holder, _entry.c.rank.nulls_last(), _entry.c.submitted_at, _entry.c.item)
    )
    return [Entry(**dict(zip(_NAMES, row, strict=True))) for row in rows]


async def write_entries(uow: UnitOfWork, round_id: str, found: Sequence[Entry]) -> None:
    """Put a newly made list in the place of the earlier one, of which nothing was decided yet."""
    await uow.execute(sa.delete(_entry).where(_entry.c.round == round_id))
    if found:
        await uow.execute(
            sa.insert(_entry), [{name: getattr(each, name) for name in _NAMES} for each in found]
        )


async def settle_entry(uow: UnitOfWork, entry: Entry, outcome: str, **values: Any) -> None:
    """Write what was decided about one line."""
    await uow.execute(
        sa.update(_entry)
        .where(_entry.c.round == entry.round, _entry.c.item == entry.item, _entry.c.outcome.is_(None))
        .values(outcome=outcome, **values)
    )


async def write_sheets(uow: UnitOfWork, round_id: str, scorer: str, sheets: Iterable[dict[str, Any]]) -> None:
    """Keep a scorer's sheets; one for the same item takes the place of an earlier one, which stays readable."""
    made = list(sheets)
    last = (
        sa.select(sa.func.coalesce(sa.func.max(score.c.revision), 0) + 1)
        .where(
            score.c.round == round_id,
            score.c.scorer == scorer,
            score.c.item == sa.bindparam("of_item", type_=sa.Text),
        )
        .scalar_subquery()
    )
    statement = insert(score).values(
        round=round_id, scorer=scorer, item=sa.bindparam("of_item", type_=sa.Text), revision=last,
        points=sa.bindparam("given", type_=JSONB), opinion=sa.bindparam("said", type_=sa.Text),
        scored_at=uow.now,
    )  # fmt: skip
    for each in made:
        await uow.execute(
            statement, {"of_item": each["item"], "given": each["points"], "said": each["opinion"]}
        )


async def sheets(unit: ReadUnit | UnitOfWork, round_id: str) -> list[Sheet]:
    """Give the sheets that count: each scorer's latest for each item."""
    latest = (
        sa.select(score.c.item, score.c.scorer, sa.func.max(score.c.revision).label("revision"))
        .where(score.c.round == round_id)
        .group_by(score.c.item, score.c.scorer)
        .subquery()
    )
    same = sa.and_(
        score.c.round == round_id,
        score.c.item == latest.c.item,
        score.c.scorer == latest.c.scorer,
        score.c.revision == latest.c.revision,
    )
    rows = await unit.execute(
        sa.select(score.c.item, score.c.scorer, score.c.points)
        .select_from(score.join(latest, same))
        .order_by(score.c.item, score.c.scorer)
    )
    return [Sheet(row.item, row.scorer, row.points) for row in rows]
