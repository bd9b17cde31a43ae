"""Loading synthetic cities through the public API, with the roles that would do it in life.

Another government system registers organisations, the city verifies; lists of recognitions arrive from the
province; persons are put on file, enrolled with their unit's consent, verified by one officer and activated by
another; a part of the enterprises has filed three years.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from kechuang_embedded.demo.client import Json, RefusedError
from kechuang_embedded.demo.pool import Pool, at_once
from kechuang_embedded.demo.synthetic import (
    City,
    Enterprise,
    Institution,
    SyntheticPerson,
    enterprises,
    institutions,
    persons,
    years_of,
)
from kechuang_embedded.demo.synthetic.seeds import seeded
from kechuang_embedded.demo.synthetic.trades import TRADES

SEED: Final = 20240301
Progress = Callable[[str, int, int], None]
_EXPERTS: Final = 3  # every third turn over the trades
_FINANCIAL: Final = 4  # of a turn's experts every fourth judges money, not technology
_YEARS: Final = (2021, 2023)


@dataclass(frozen=True, slots=True)
class Size:
    """How large a synthetic city is. The whole load is meant to take less than three minutes on two cores."""

    organisations: int = 2000
    institutions: int = 12
    persons: int = 200
    filers: int = 40
    """Enterprises that have filed their yearly figures."""

    @property
    def half(self) -> "Size":
        """Half of it, for the cities in which the story does not play."""
        return Size(self.organisations // 2, self.institutions, self.persons // 2, self.filers // 2)


async def load_city(
    stack: Mapping[str, Any], city: City, size: Size, *, run: str, told: Progress, seed: int = SEED
) -> None:
    """Load one city; `told(what, done, of)` is called while it goes on."""
    async with Pool(stack, run=f"{run}:{city.key}") as pool:
        firms = list(enterprises(city, size.organisations, seed))
        employers = list(institutions(city, size.institutions, seed))
        loader = _Loader(pool, city, told, seed)
        await loader.prepare()
        await loader.register([*employers, *firms])
        await loader.recognise(firms)
        await loader.file(firms[: size.filers])
        await loader.enrol(list(persons(city, employers, size.persons, seed)))


class _Loader:
    """Loads one city."""

    def __init__(self, pool: Pool, city: City, told: Progress, seed: int) -> None:
        self._pool = pool
        self._city = city
        self._told = told
        self._random = seeded(seed, city.key, "load")
        self._officer = self._approver = self._system = ""

    async def prepare(self) -> None:
        self._officer = await self._pool.token(role="city_officer", area=self._city.area)
        self._approver = await self._pool.token(role="city_approver", area=self._city.area)
        self._system = await self._pool.token(principal="integration")

    def _counter(self, what: str, of: int) -> Callable[[], None]:
        done = 0

        def count() -> None:
            nonlocal done
            done += 1
            self._told(what, done, of)

        return count

    async def register(self, found: Sequence[Enterprise | Institution]) -> None:
        async def one(each: Enterprise | Institution) -> None:
            made = await self._pool.post(
                self._system, "organisations", each.registration(), f"organisation:{each.uscc}"
            )
            reason = {"reason": "与登记机关数据核对一致。"}
            await self._pool.post(
                self._officer, f"organisations/{made['id']}/verify", reason, f"verify:{each.uscc}"
            )

        await at_once(one, found, self._counter("单位 organisations", len(found)))

    async def recognise(self, firms: Sequence[Enterprise]) -> None:
        """The province's lists: technology SMEs of the year, high-tech enterprises of three."""
        items: list[Json] = []
        for each in firms:
            if each.scale != "large" and self._random.random() < 0.3:  # noqa: PLR2004  a share
                items.append(_listed(each, "tech_sme", 2024, 1, self._random))
            if each.scale != "micro" and self._random.random() < 0.25:  # noqa: PLR2004  a share
                items.append(_listed(each, "hnte", self._random.choice((2021, 2022, 2023)), 12, self._random))
        await self._pool.imported(
            self._system, "recognitions", items, "recognitions",
            lambda done: self._told("上级认定名单 recognitions", done, len(items)),
        )  # fmt: skip

    async def file(self, firms: Sequence[Enterprise]) -> None:
        async def one(each: Enterprise) -> None:
            for year in years_of(each, *_YEARS, SEED):
                await self._filing(each, year.year, year.jiangmen(each) if self._own_form else year.common())

        await at_once(one, firms, self._counter("企业年报 filings", len(firms)))

    @property
    def _own_form(self) -> bool:
        return self._city.annual_form == "annual_filing"

    async def _filing(self, each: Enterprise, year: int, facts: Json) -> None:
        name = f"{each.uscc}:{year}"
        body: Json = {
            "organisation": each.uscc,
            "form": self._city.annual_form,
            "period": str(year),
            "facts": facts,
        }
        if self._own_form:
            content = json.dumps({"uscc": each.uscc, "year": year, "synthetic": True}).encode()
            file = await self._pool.upload(
                self._system, "filings", "accounts.json", content, f"accounts:{name}"
            )
            body["attachments"] = [{"file": file, "kind": "accounts", "title": f"{year}年度财务报表"}]
        made = await self._pool.post(self._system, "filings", body, f"filing:{name}")
        await self._pool.post(self._system, f"filings/{made['id']}/submit", None, f"submit:{name}")
        await self._pool.post(
            self._officer, f"filings/{made['id']}/verify", {"reason": "与审计报告一致。"}, f"verified:{name}"
        )

    async def enrol(self, found: Sequence[SyntheticPerson]) -> None:
        """Of every trade a third are experts, the others commissioners where the programme is in force."""
        count = self._counter("人员 persons", len(found))

        async def one(numbered: tuple[int, SyntheticPerson]) -> None:
            number, each = numbered
            file = await self._pool.post(self._officer, "persons", each.file(), f"person:{number}")
            turn, place = divmod(number, len(TRADES))
            if turn % _EXPERTS == 0:
                kinds = ["financial", "management"] if place % _FINANCIAL == 0 else ["technical"]
                body = {"person": file["id"], "city": self._city.area, "kinds": kinds}
                await self._activate("experts", body | {"organisation": each.employer.uscc}, each, number)
            else:
                body = {"person": file["id"], "city": self._city.area, "programme": self._city.programme}
                body |= {"division": each.division, "organisation": each.employer.uscc}
                await self._activate("commissioners", body, each, number)

        await at_once(one, enumerate(found), count)

    async def _activate(self, resource: str, body: Json, each: SyntheticPerson, number: int) -> None:
        """Enrolled by the unit, consented to by its signatory, verified by one officer, activated by another."""
        role = "sending_unit enterprise_signatory"
        unit = await self._pool.token(organisation=each.employer.uscc, role=role)
        try:
            made = await self._pool.post(self._officer, resource, body, f"enrol:{number}")
        except RefusedError as refused:
            if any(fault["code"] == "programme_unknown" for fault in refused.problem.get("errors", ())):
                return  # a plan that is not in force yet enrols nobody; the person stays on file
            raise
        path = f"{resource}/{made['id']}"
        await self._pool.post(unit, f"{path}/consent", None, f"consent:{number}")
        verified = await self._pool.post(self._officer, f"{path}/verify", {}, f"verified:{number}")
        await self._pool.post(
            self._approver, f"{path}/activate", {}, f"activate:{number}", version=verified["version"]
        )


def _listed(each: Enterprise, kind: str, year: int, month: int, random: Random) -> Json:
    issued = f"{year}-{month:02d}-{random.randint(5, 25):02d}"
    return {
        "organisation": each.uscc,
        "kind": kind,
        "certificate_no": f"{'GR' if kind == 'hnte' else 'KX'}{year}{each.uscc[2:8]}{each.uscc[12:18]}",
        "document_no": f"示名单〔{year}〕{random.randint(1, 9)}号",
        "issued_on": issued,
    }
