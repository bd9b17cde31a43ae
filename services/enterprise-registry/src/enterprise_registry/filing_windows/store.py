"""The table of roster entries: one an organisation and window, written by whole statements, never row by row.

An entry is no record of its own: what happens to it happens to its filing or its window, whose history tells it.
"""

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from enterprise_registry.metadata import metadata

roster_entry = sa.Table(
    "roster_entry",
    metadata,
    sa.Column("window", sa.Text, primary_key=True),
    sa.Column("organisation", sa.Text, primary_key=True, comment="credit code"),
    sa.Column("form", sa.Text, nullable=False),
    sa.Column("period", sa.Text, nullable=False),
    sa.Column("city", sa.Text),
    sa.Column("division", sa.Text),
    sa.Column("zones", ARRAY(sa.Text), nullable=False),
    sa.Column("sight", ARRAY(sa.Text), nullable=False, comment="the organisation's when the window opened"),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("late", sa.Boolean, nullable=False, server_default=sa.false()),
    sa.Column("filing", sa.Text, comment="the filing that answers, the correction once it is verified"),
    sa.Column("submitted_on", sa.Date),
    sa.Column("verified_on", sa.Date),
    sa.Column("reminded_on", sa.Date),
    sa.Column("reminders", sa.Integer, nullable=False, server_default="0"),
    sa.Index("roster_entry_filing", "organisation", "form", "period"),
    sa.Index("roster_entry_state", "window", "state", "division"),
)
