"""Every operation of every service with every role, compared with the permission table.

The oracle reads the YAML files by itself and knows nothing of the kit's evaluation. Two walks: over HTTP,
which roles may ever use an operation (401, 403 or further); and per record, whom the scoped store lets see
and use which verb on records of the own county, another county, another city, the own and another
organisation, the own and another person, and published ones.
"""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib import import_module
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from ruamel.yaml import YAML
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from kechuang.access import ROLES, Actor
from kechuang.errors import NotFound, NotPermitted
from kechuang.http.resource import ResourceRouter
from kechuang.http.route import KitRoute, api_routes
from kechuang.ids import new_id
from kechuang.records import Records
from kechuang.testing import ServiceHarness

PACKS = Path(__file__).parents[2] / "deploy" / "policy-packs"
PACKAGES = ("enterprise_registry", "commissioner_matching", "project_bidding", "indicators")
ABSENT = "00000000-0000-7000-8000-000000000000"
OWN, OTHER = "91440703MA0TEAT010", "91360404MA0TEAT01G"
# Nobody asks for a list of public keys.
NOT_EXPORTED = {"opening-keys"}
COUNTY_ROLES = {"county_officer", "township_officer", "zone_officer"}


@dataclass(frozen=True)
class Who:
    """One caller with one role, of here or of elsewhere."""

    role: str
    here: bool

    def claims(self) -> dict[str, Any]:
        if self.role in COUNTY_ROLES:
            areas = ["440703"] if self.here else ["440704"]
        else:
            areas = ["440700"] if self.here else ["360400"]
        return {
            "areas": areas,
            "organisation": OWN if self.here else OTHER,
            "person": "person-here" if self.here else "person-there",
            "unit": "unit-here" if self.here else "unit-there",
        }

    @property
    def subject(self) -> str:
        return f"{self.role}-{'here' if self.here else 'there'}"

    def actor(self) -> Actor:
        claims = self.claims()
        return Actor(
            subject=self.subject, roles=frozenset({self.role}), areas=tuple(claims["areas"]),
            unit=claims["unit"], organisation=claims["organisation"], person=claims["person"],
        )  # fmt: skip


CALLERS = [Who(role, here) for role in ROLES if role != "public" for here in (True, False)]
SIGHTS = {
    "own county": ["place:440700", "place:440703"],
    "another county": ["place:440700", "place:440704"],
    "another city": ["place:360400", "place:360429"],
    "own organisation": [f"owner:{OWN}", f"party:{OWN}"],
    "own as a party": [f"owner:{OTHER}", f"party:{OTHER}", f"party:{OWN}"],
    "another organisation": [f"owner:{OTHER}", f"party:{OTHER}"],
    "own person": ["person:person-here"],
    "own unit": ["unit:unit-here"],
    "opened in the own city": [f"owner:{OTHER}", f"party:{OTHER}", "opened:440700"],
    "published": ["public"],
    "nobody": ["owner:nobody"],
}


def raw_table() -> dict[str, dict[str, set[str]]]:
    """The YAML files as they are: action → role → scopes."""
    found: dict[str, dict[str, set[str]]] = {}
    for file in files("kechuang_contracts.permissions").iterdir():
        if file.name.endswith(".yaml"):
            for resource, actions in YAML(typ="safe").load(file.read_text(encoding="utf-8")).items():
                for action, roles in actions.items():
                    if action != "title":
                        found[f"{resource}:{action}"] = {
                            role: set(scopes.split() if isinstance(scopes, str) else scopes)
                            for role, scopes in (roles or {}).items()
                        }
    return found


TABLE = raw_table()


def may_ever(who: Who, action: str) -> bool:
    return who.role in TABLE[action] or "public" in TABLE[action]


def reaches(who: Who, action: str, sight: list[str]) -> bool:
    """The oracle: plain words of `access.py`'s docstring."""
    claims = who.claims()
    for role in (who.role, "public"):
        for scope in TABLE[action].get(role, ()):
            match scope:
                case "all":
                    return True
                case "public":
                    hit = "public" in sight
                case "place":
                    hit = any(f"place:{area}" in sight for area in claims["areas"])
                case "opened":
                    hit = any(f"opened:{area}" in sight for area in claims["areas"])
                case "self":
                    hit = f"self:{who.subject}" in sight
                case "owner" | "party":
                    hit = f"{scope}:{claims['organisation']}" in sight
                case _:
                    hit = f"{scope}:{claims[scope]}" in sight
            if hit:
                return True
    return False


def routes_of(harness: ServiceHarness) -> Iterator[tuple[KitRoute, str, str]]:
    """Every operation: its route, method, and an address with an id that is not there."""
    for path, route in api_routes(harness.app):
        assert isinstance(route, KitRoute)
        for name in route.param_convertors:
            path = path.replace("{" + name + "}", ABSENT)  # noqa: PLW2901  a filled-in template
        for method in sorted(route.methods or ()):
            yield route, method, path


@pytest.fixture(scope="session", params=PACKAGES)
async def harness(request: pytest.FixtureRequest, engines: Any) -> AsyncIterator[ServiceHarness]:
    """Each service in turn."""
    async with ServiceHarness(
        import_module(f"{request.param}.service").SERVICE, engines, packs_dir=str(PACKS)
    ) as running:
        yield running


class TestTable:
    async def test_every_operation_names_an_action_of_the_table(self, harness: ServiceHarness) -> None:
        operations = list(routes_of(harness))
        assert operations
        assert all(route.described.action in TABLE for route, _, _ in operations)

    async def test_every_verb_has_a_row_and_a_route(self, harness: ServiceHarness) -> None:
        routed = {route.described.action for route, _, _ in routes_of(harness)}
        missing = [
            resource.action(verb.name)
            for resource in harness.service.resources
            for verb in resource.machine.verbs
            if not verb.automatic and resource.action(verb.name) not in routed
        ]
        assert missing == []

    async def test_administrators_decide_no_cases(self, harness: ServiceHarness) -> None:
        deciding = [
            resource.action(verb.name)
            for resource in harness.service.resources
            for verb in resource.machine.verbs
            if verb.decides
        ]
        assert all(
            not {"administrator", "security_administrator", "auditor"} & TABLE[action].keys()
            for action in deciding
            if action in TABLE
        )

    async def test_every_list_can_be_exported_by_those_who_read_it_and_have_a_name(
        self, harness: ServiceHarness
    ) -> None:
        routed = {route.described.action for route, _, _ in routes_of(harness)}
        wrong = []
        for router in harness.service.routers:
            if not isinstance(router, ResourceRouter) or router.resource.name in NOT_EXPORTED:
                continue
            read, export = (router.resource.action(each) for each in ("read", "export"))
            row = TABLE.get(export, {})
            beyond = {role for role in row if not row[role] <= TABLE[read].get(role, set()) | {"public"}}
            if export not in routed or "public" in row or beyond:
                wrong.append((export, sorted(beyond)))
        assert wrong == []

    async def test_every_field_of_an_exported_table_has_a_name_in_both_languages(
        self, harness: ServiceHarness
    ) -> None:
        fields = {
            field.serialization_alias or name
            for router in harness.service.routers
            if isinstance(router, ResourceRouter)
            for name, field in router.out.model_fields.items()
        }
        assert sorted(fields - harness.service.words.keys()) == []


class TestRoles:
    async def test_each_role_gets_as_far_as_the_table_says(self, harness: ServiceHarness) -> None:
        wrong = []
        for who in [each for each in CALLERS if each.here]:
            client = harness.client(roles=[who.role], subject=who.subject, **who.claims())
            for route, method, path in routes_of(harness):
                answer = await client.http.request(method, path, json={} if method != "GET" else None)
                refused = answer.status_code == 403 and answer.json().get("action") == route.described.action
                allowed = may_ever(who, route.described.action)
                if (
                    answer.status_code >= 500
                    or (not allowed and answer.status_code != 403)
                    or (allowed and refused and "{" not in route.path_format)
                ):
                    wrong.append((who.subject, method, path, answer.status_code, answer.text[:120]))
        assert wrong == []

    async def test_without_a_token_only_published_things_are_served(self, harness: ServiceHarness) -> None:
        client = harness.client()
        wrong = []
        for route, method, path in routes_of(harness):
            answer = await client.http.request(method, path, json={} if method != "GET" else None)
            public = "public" in TABLE[route.described.action]
            if (answer.status_code == 401) == public or answer.status_code >= 500:
                wrong.append((method, route.path_format, answer.status_code))
        assert wrong == []


class TestRecords:
    async def test_the_store_lets_each_caller_see_and_use_what_the_table_says(
        self, harness: ServiceHarness
    ) -> None:
        wrong = []
        for resource in harness.service.resources:
            records = Records(resource)
            placed = {name: await _plant(harness, resource, sight) for name, sight in SIGHTS.items()}
            for who in CALLERS:
                async with harness.database.reading(who.actor()) as unit:
                    condition = records.visible(unit)
                    seen = set(
                        (
                            await unit.execute(
                                sa.select(resource.table.c.id).where(
                                    condition, resource.table.c.id.in_(list(placed.values()))
                                )
                            )
                        ).scalars()
                    )
                expected = {
                    placed[name]
                    for name, sight in SIGHTS.items()
                    if reaches(who, resource.action("read"), sight)
                }
                if seen != expected:
                    wrong.append((resource.name, who.subject, "read"))
                wrong += await _verbs(harness, records, who, placed)
        assert wrong == []


async def _verbs(
    harness: ServiceHarness, records: Records[Any], who: Who, placed: dict[str, str]
) -> list[tuple[str, str, str]]:
    wrong = []
    resource = records.resource
    table = harness.service.permissions
    for verb in resource.machine.verbs:
        action = resource.action(verb.name)
        if verb.automatic or action not in TABLE:
            continue
        for name, record_id in placed.items():
            sight = SIGHTS[name]
            visible = reaches(who, resource.action("read"), sight)
            permitted = reaches(who, action, sight)
            if table.permits(who.actor(), action, sight) != permitted:
                wrong.append((action, who.subject, name))
            if name not in ("own county", "own organisation"):
                continue  # the store's own answer is tried on two; the evaluation above on all
            try:
                async with harness.database.unit(who.actor()) as uow:
                    await records.load(uow, record_id, verb.name)
                outcome = "ok"
            except NotFound:
                outcome = "absent"
            except NotPermitted:
                outcome = "refused"
            if outcome != ("absent" if not visible else "ok" if permitted else "refused"):
                wrong.append((action, who.subject, f"{name}: {outcome}"))
    return wrong


async def _plant(harness: ServiceHarness, resource: Any, sight: list[str]) -> str:
    """Put a record with this sight into the table, whatever its other columns."""
    record_id = new_id()
    values: dict[str, Any] = {}
    for column in resource.table.columns:
        if column.computed is not None or column.identity is not None:
            continue
        if column.name in ("id", "number"):
            values[column.name] = record_id
        elif column.name == "sight":
            values[column.name] = sight
        elif column.name == "state":
            values[column.name] = resource.machine.initial
        elif not column.nullable and column.server_default is None:
            values[column.name] = _anything(column, record_id)
    async with harness.unit() as uow:
        await uow.execute(sa.insert(resource.table).values(values))
    return record_id


def _anything(column: sa.Column[Any], unique: str) -> Any:
    kinds: list[tuple[type, Any]] = [
        (ARRAY, []), (JSONB, {}), (sa.DateTime, datetime(2024, 3, 1, tzinfo=UTC)), (sa.Date, date(2024, 3, 1)),
        (sa.Boolean, False), (sa.Integer, 1), (sa.Float, 1.0), (sa.Numeric, 1), (sa.LargeBinary, unique.encode()),
    ]  # fmt: skip
    return next((value for kind, value in kinds if isinstance(column.type, kind)), unique)
