"""A city's own PostgreSQL and NATS in the place of the embedded ones, by settings alone."""

import json
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from kechuang_embedded.testing_load import Registrations
from kechuang_embedded.testing_stack import whole_stack

pytestmark = pytest.mark.timeout(300)


async def test_services_run_on_outside_engines_and_events_arrive(engines: Any, tmp_path: Path) -> None:
    engines.clear_streams()
    passwords = tmp_path / "passwords.json"
    passwords.write_text(json.dumps({name: password for name, (_, password) in engines.nats.users.items()}))
    with whole_stack(
        ["enterprise-registry", "indicators"],
        postgres_url=engines.admin_url,
        external_nats_url=engines.nats.url,
        external_nats_passwords=passwords,
    ) as stack:
        assert not {"postgres", "nats"} & set(stack.programs)
        load = Registrations(stack.gateway, stack.token("integration"), seed=8, area="440112")
        async with load.running():
            await load.more(10)
        assert not load.troubles
        stack.settle()
        known = {each.uscc for each in load.acknowledged}
        assert known <= await _counted(stack.reader("indicators"))


async def _counted(reader: str) -> set[str]:
    connection = await asyncpg.connect(reader)
    try:
        return {row["organisation"] for row in await connection.fetch("SELECT organisation FROM fact")}
    finally:
        await connection.close()
