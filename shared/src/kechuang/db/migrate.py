"""Bring a service's database to the newest version: `python -m kechuang.db.migrate <package>`.

`--revision "title"` writes a new migration from the difference between tables and database;
`--check` fails when there is one.
"""

import argparse

from alembic import command

from kechuang.db.migrations import config, upgrade
from kechuang.settings import Settings


def main() -> None:
    """Parse the command line."""
    parser = argparse.ArgumentParser(description="Migrate one service's database")
    parser.add_argument("package")
    parser.add_argument("--revision", metavar="TITLE")
    parser.add_argument("--check", action="store_true")
    asked = parser.parse_args()
    made = config(asked.package, Settings().database_owner_url.get_secret_value())
    if asked.revision:
        command.revision(made, asked.revision, autogenerate=True)
    elif asked.check:
        command.check(made)
    else:
        upgrade(asked.package, Settings().database_owner_url.get_secret_value())


if __name__ == "__main__":
    main()
