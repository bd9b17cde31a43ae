"""The table of members of reserve pools: one live membership an organisation, pool and rung."""

import sqlalchemy as sa

from enterprise_registry.metadata import metadata
from enterprise_registry.reserve_pools.domain import MACHINE, PoolMember, sight
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text

table = record_table(
    "reserve_pool_member",
    metadata,
    "RP",
    sa.Column("pool", sa.Text, nullable=False),
    sa.Column("rung", sa.Text, nullable=False),
    sa.Column("node", sa.Text, nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("joined_on", sa.Date, nullable=False),
    sa.Column("out_on", sa.Date),
    sa.Column("out_reason", sa.Text),
    sa.Column("recognition", sa.Text),
    sa.Index(
        "reserve_pool_member_live", "organisation", "pool", "node", unique=True,
        postgresql_where=sa.text("state = 'joined'"),
    ),
    sa.Index("reserve_pool_member_stock", "city", "pool", "joined_on"),
    sa.CheckConstraint("out_on >= joined_on", name="reserve_pool_member_days"),
)  # fmt: skip

POOL_MEMBERS: Resource[PoolMember] = Resource(
    name="reserve-pool-members",
    singular="reserve_pool_member",
    title=Text("后备库成员", "Reserve pool member"),
    table=table,
    record=PoolMember,
    machine=MACHINE,
    sight=sight,
    describe=lambda member: f"{member.pool} {member.organisation}",
    filters={
        "pool": Filter("pool", Text("后备库", "Pool")),
        "rung": Filter("rung", Text("目标梯次", "Rung")),
    },
    dates={
        "joined_on": Text("入库日期", "Day of joining"),
        "out_on": Text("出库日期", "Day of graduating or leaving"),
    },
    emits_work_items=False,
)
members = Records(POOL_MEMBERS)
