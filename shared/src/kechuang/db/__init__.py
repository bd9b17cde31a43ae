"""PostgreSQL: engines, side tables, the unit of work, migrations."""
