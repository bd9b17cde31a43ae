"""Roles of the services' databases: what each may do, and that none enters another's."""

import asyncpg
import pytest

from kechuang_embedded import databases
from kechuang_embedded.databases import Passwords
from kechuang_embedded.testing import DatabaseUrls, TestEngines


async def run(url: str, statement: str) -> str:
    connection = await asyncpg.connect(url)
    try:
        return await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture(scope="module")
def registry(engines: TestEngines) -> DatabaseUrls:
    return engines.create_database("enterprise_registry")


@pytest.fixture(scope="module")
def matching(engines: TestEngines) -> DatabaseUrls:
    return engines.create_database("commissioner_matching")


@pytest.fixture(scope="module")
async def organisations(registry: DatabaseUrls) -> str:
    table = "organisation"
    await run(registry.owner, f"create table {table} (id bigint generated always as identity, name text)")
    return table


async def test_what_the_owner_creates_the_writer_fills_and_the_reader_reads(
    registry: DatabaseUrls, organisations: str
) -> None:
    await run(registry.writer, f"insert into {organisations} (name) values ('江门市云帆科技有限公司')")
    await run(registry.writer, f"update {organisations} set name = name || '（存续）'")
    assert await run(registry.reader, f"select * from {organisations}") != "SELECT 0"


@pytest.mark.parametrize(
    "statement",
    [
        "insert into organisation (name) values ('x')",
        "begin transaction read write; insert into organisation (name) values ('x'); commit",
        "set default_transaction_read_only = off; update organisation set name = 'x'",
        "delete from organisation",
        "select nextval('organisation_id_seq')",
        "set default_transaction_read_only = off; create temporary table t (x int)",
    ],
)
async def test_the_reader_changes_nothing_whatever_it_sets(
    registry: DatabaseUrls, organisations: str, statement: str
) -> None:
    assert organisations in statement or "temporary" in statement
    with pytest.raises((asyncpg.InsufficientPrivilegeError, asyncpg.ReadOnlySQLTransactionError)):
        await run(registry.reader, statement)


@pytest.mark.parametrize(
    "statement", ["create table mine (x int)", "drop table organisation", "truncate organisation"]
)
async def test_the_writer_does_not_change_the_schema(
    registry: DatabaseUrls, organisations: str, statement: str
) -> None:
    assert organisations
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(registry.writer, statement)


@pytest.mark.parametrize("role", ["owner", "writer", "reader"])
@pytest.mark.parametrize("elsewhere", ["another service", "postgres", "template1"])
async def test_no_role_enters_another_database(
    registry: DatabaseUrls, matching: DatabaseUrls, role: str, elsewhere: str
) -> None:
    target = matching.admin.rpartition("/")[2] if elsewhere == "another service" else elsewhere
    url = f"{getattr(registry, role).rpartition('/')[0]}/{target}"
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await run(url, "select 1")


async def test_a_wrong_password_is_refused(registry: DatabaseUrls) -> None:
    head, _, place = registry.writer.rpartition("@")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await run(f"{head}x@{place}", "select 1")


async def test_ensuring_again_keeps_data_and_renews_passwords(engines: TestEngines) -> None:
    urls = engines.create_database("project_bidding")
    name = urls.admin.rpartition("/")[2]
    await run(urls.owner, "create table call (id int)")
    await run(urls.writer, "insert into call values (1)")
    renewed = Passwords("new-owner", "new-writer", "new-reader")
    for _ in range(2):
        await databases.ensure_databases(engines.admin_url, {name: renewed})
    assert (
        await run(databases.urls(engines.admin_url, name, renewed).reader, "select * from call") == "SELECT 1"
    )
    with pytest.raises(asyncpg.InvalidPasswordError):
        await run(urls.reader, "select 1")


async def test_the_server_keeps_checksums_and_scram(engines: TestEngines) -> None:
    connection = await asyncpg.connect(engines.admin_url)
    try:
        assert await connection.fetchval("show data_checksums") == "on"
        stored = await connection.fetchval(
            "select rolpassword from pg_authid where rolname = 'kechuang_admin'"
        )
        assert stored.startswith("SCRAM-SHA-256$")
    finally:
        await connection.close()


def test_engines_side_by_side_do_not_meet(engines: TestEngines) -> None:
    with TestEngines() as others:
        assert others.admin_url != engines.admin_url
        assert others.nats.url != engines.nats.url
