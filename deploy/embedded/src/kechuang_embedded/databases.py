"""The services' databases and their roles, on the embedded server or on an outside one.

Each database has three roles of its own: `<database>_owner` (migrations), `<database>_writer` (rows) and
`<database>_reader` (SELECT only). None of them can enter another database.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import quote, urlsplit

import asyncpg

_OWNER_DEFAULTS: Final = (
    # What the owner creates later is usable by the two others at once, in every schema.
    "grant select on tables to {reader}",
    "grant select, insert, update, delete on tables to {writer}",
    "grant usage, select on sequences to {writer}",
    "grant usage on schemas to {writer}, {reader}",
)


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """`postgresql://user:password@host:port/database` of each role; `admin` may do everything."""

    owner: str
    writer: str
    reader: str
    admin: str


@dataclass(frozen=True, slots=True)
class Passwords:
    owner: str
    writer: str
    reader: str


def urls(admin_url: str, database: str, passwords: Passwords) -> DatabaseUrls:
    """The addresses of one database on the server of `admin_url`."""
    parts = urlsplit(admin_url)
    place = f"{parts.hostname}:{parts.port or 5432}/{quote(database)}"

    def of(role: str, password: str) -> str:
        return f"postgresql://{database}_{role}:{quote(password)}@{place}"

    credentials = parts.netloc.rpartition("@")[0]
    return DatabaseUrls(
        owner=of("owner", passwords.owner),
        writer=of("writer", passwords.writer),
        reader=of("reader", passwords.reader),
        admin=f"postgresql://{credentials}@{place}",
    )


async def ensure_databases(admin_url: str, databases: Mapping[str, Passwords]) -> None:
    """Create or repair databases, roles, passwords and privileges; harmless when all is there."""
    server = await asyncpg.connect(admin_url)
    try:
        await server.execute("revoke all on database postgres, template1 from public")
        for name, passwords in databases.items():
            await _ensure_roles(server, name, passwords)
            await _ensure_database(server, name)
    finally:
        await server.close()
    for name, passwords in databases.items():
        connection = await asyncpg.connect(urls(admin_url, name, passwords).admin)
        try:
            await _ensure_privileges(connection, name)
        finally:
            await connection.close()


async def drop_database(admin_url: str, name: str) -> None:
    """Drop a database with its roles, ending its sessions."""
    server = await asyncpg.connect(admin_url)
    try:
        await server.execute(f"drop database if exists {name} with (force)")
        await server.execute(f"drop role if exists {name}_owner, {name}_writer, {name}_reader")
    finally:
        await server.close()


# Names below come from the list of services, not from outside; DDL takes no parameters.


async def _ensure_roles(server: asyncpg.Connection, name: str, passwords: Passwords) -> None:
    wanted = {"owner": passwords.owner, "writer": passwords.writer, "reader": passwords.reader}
    for role, password in wanted.items():
        full = f"{name}_{role}"
        if not await server.fetchval("select 1 from pg_roles where rolname = $1", full):
            await server.execute(f"create role {full}")
        literal = await server.fetchval("select quote_literal($1::text)", password)
        await server.execute(
            f"alter role {full} with login nosuperuser nocreatedb nocreaterole noreplication password {literal}"
        )
    await server.execute(f"alter role {name}_reader set default_transaction_read_only = on")


async def _ensure_database(server: asyncpg.Connection, name: str) -> None:
    if not await server.fetchval("select 1 from pg_database where datname = $1", name):
        # An administrator of a managed server must be a member of a role to give it a database.
        if not await server.fetchval("select rolsuper from pg_roles where rolname = current_user"):
            await server.execute(f"grant {name}_owner to current_user")
        await server.execute(f"create database {name} owner {name}_owner")
    await server.execute(f"revoke all on database {name} from public")
    await server.execute(f"grant connect on database {name} to {name}_writer, {name}_reader")
    await server.execute(f"grant temporary on database {name} to {name}_writer")


async def _ensure_privileges(connection: asyncpg.Connection, name: str) -> None:
    names = {"owner": f"{name}_owner", "writer": f"{name}_writer", "reader": f"{name}_reader"}
    await connection.execute("revoke all on schema public from public")
    await connection.execute("alter schema public owner to {owner}".format_map(names))
    await connection.execute("grant usage on schema public to {writer}, {reader}".format_map(names))
    for grant in _OWNER_DEFAULTS:
        await connection.execute(
            "alter default privileges for role {owner} ".format_map(names) + grant.format_map(names)
        )
