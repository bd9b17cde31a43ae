"""Columns that every enrolment's table has."""

from typing import Any

import sqlalchemy as sa


def enrolment_columns() -> list[Any]:
    """Give the columns of `Enrolment`."""
    return [
        sa.Column("person", sa.Text, nullable=False, index=True),
        sa.Column("label", sa.Text, nullable=False),
        sa.Column("consented_by", sa.Text),
        sa.Column("activated_on", sa.Date),
        sa.Column("warned_until", sa.Date),
        sa.Column("warning", sa.Text),
        sa.Column("ended_on", sa.Date),
        sa.Column("cooling_until", sa.Date),
    ]
