"""Alembic's entry: everything is in the kit."""

from kechuang.db.migrations import run_environment

run_environment()
