"""The service under test with a database of its own, and a city to play in."""

from collections.abc import AsyncIterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from commissioner_matching.service import SERVICE
from kechuang.codes.synthetic import synthetic_resident_id, synthetic_uscc
from kechuang.testing import Client, ServiceHarness
from kechuang_contracts.enterprise_registry import OrganisationChanged

PACKS = Path(__file__).parents[3] / "deploy" / "policy-packs"


class City:
    """Jiangmen with its officers; makes enterprises, persons, commissioners and needs by the usual acts."""

    def __init__(self, cm: ServiceHarness, seed: int) -> None:
        self.cm = cm
        self.random = Random(seed)
        self.county = cm.client(roles=["county_officer"], areas=["440703"])
        self.other_county = cm.client(roles=["county_officer"], areas=["440704"])
        self.city = cm.client(roles=["city_officer"], areas=["440700"])
        self.approver = cm.client(roles=["city_approver"], areas=["440700"])
        self.auditor = cm.client(roles=["auditor"])

    async def organisation(self, title: str, kind: str = "enterprise", division: str = "440703") -> str:
        """Register an organisation; gives its credit code."""
        uscc = synthetic_uscc(self.random)
        await self.cm.deliver(
            OrganisationChanged(
                uscc=uscc, title=title, kind=kind, scale="small", industry="C33", chains=[],
                state="active", city="440700", division=division, zones=[],
            ),
            aggregate=uscc,
        )  # fmt: skip
        return uscc

    def owner(self, uscc: str) -> Client:
        """The signatory of an organisation."""
        return self.cm.client(roles=["enterprise_signatory"], organisation=uscc, person=f"p-{uscc}")

    def as_person(self, person: str, role: str = "commissioner") -> Client:
        """The person themself."""
        return self.cm.client(roles=[role], person=person)

    async def person(self, **more: Any) -> str:
        """Open a person's file; gives its id."""
        values = {
            "name": "王示例", "phone": "13900000000", "id_number": synthetic_resident_id(self.random),
            "city": "440700", "division": "440703", "employer": "示范大学材料学院",
            "disciplines": ["430.40"], **more,
        }  # fmt: skip
        return str((await self.city.make("persons", values))["id"])

    async def commissioner(self, person: str, *, capacity: int = 3, **more: Any) -> str:
        """Enrol, verify and activate a commissioner; gives the enrolment's id."""
        values = {"person": person, "city": "440700", "division": "440703",
                  "programme": "doctor_commissioner", "capacity": capacity, **more}  # fmt: skip
        made = await self.county.make("commissioners", values)
        await self.county.do(f"commissioners/{made['id']}", "verify")
        await self.city.do(f"commissioners/{made['id']}", "activate")
        return str(made["id"])

    async def expert(self, kinds: list[str], **more: Any) -> str:
        """Open a file and enrol an active expert; gives the person's id."""
        person = await self.person(**more)
        made = await self.city.make("experts", {"person": person, "city": "440700", "kinds": kinds})
        await self.city.do(f"experts/{made['id']}", "verify")
        await self.approver.do(f"experts/{made['id']}", "activate")
        return person

    async def need(self, uscc: str, **more: Any) -> str:
        """File, submit, accept and route a need to matching; gives its id."""
        values = {"title": "铝合金压铸件气孔缺陷控制", "text": "内部气孔率需低于 1%。", **more}
        owner = self.owner(uscc)
        made = await owner.make("technical-needs", values)
        await owner.do(f"technical-needs/{made['id']}", "submit")
        await self.county.do(f"technical-needs/{made['id']}", "accept")
        await self.county.do(f"technical-needs/{made['id']}", "route", {"route": "matching"})
        return str(made["id"])

    async def proposal(self, commissioner: str, need: str) -> str:
        """Propose a commissioner for a need; gives the dispatch's id."""
        values = {"server": commissioner, "target_kind": "need", "target": need}
        return str((await self.county.make("dispatches", values))["id"])


@pytest.fixture(scope="session")
async def cm(engines: Any) -> AsyncIterator[ServiceHarness]:
    """commissioner-matching on a migrated database, with the repository's packs."""
    async with ServiceHarness(SERVICE, engines, packs_dir=str(PACKS)) as harness:
        yield harness


@pytest.fixture
async def own_jiangmen(engines: Any) -> AsyncIterator[City]:
    """The city on a database of its own, for what would disturb others."""
    async with ServiceHarness(SERVICE, engines, packs_dir=str(PACKS)) as harness:
        yield City(harness, 7)


_seeds = iter(range(1, 10_000))


@pytest.fixture
def jiangmen(cm: ServiceHarness) -> City:
    """A fresh set of names in the city; what other tests made stays around, as in life."""
    return City(cm, next(_seeds))
