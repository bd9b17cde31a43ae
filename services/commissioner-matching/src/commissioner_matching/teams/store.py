"""The table of teams and the scoped store over it."""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from commissioner_matching.metadata import metadata
from commissioner_matching.teams.domain import MACHINE, Team, sight
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

_table = record_table(
    "team",
    metadata,
    "TM",
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("programme", sa.Text, nullable=False),
    sa.Column("leader", sa.Text, nullable=False),
    sa.Column("members", ARRAY(sa.Text), nullable=False),
    sa.Column("persons", ARRAY(sa.Text), nullable=False),
    sa.Column("skills", ARRAY(sa.Text), nullable=False),
    sa.Index("team_programme", "city", "programme", "state"),
    searched=True,
)

TEAMS: Resource[Team] = Resource(
    name="teams",
    singular="team",
    title=Text("科技特派团", "Team"),
    table=_table,
    record=Team,
    machine=MACHINE,
    sight=sight,
    describe=lambda each: each.name,
    search=("name",),
    filters={
        "programme": Filter("programme", Text("特派员计划", "Programme")),
        "member": Filter("members", Text("成员", "Member"), array=True),
    },
)
teams = Records(TEAMS)


async def active_teams_of(unit: ReadUnit | UnitOfWork, commissioner: str) -> list[str]:
    """Give the ids of the active teams that a commissioner is a member of."""
    found = sa.select(_table.c.id).where(
        _table.c.members.contains([commissioner]), _table.c.state == "active"
    )
    return list((await unit.execute(found)).scalars())
