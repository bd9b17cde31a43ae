"""An organisation accepts by whoever may sign for it, and by nobody who merely belongs to it."""

from datetime import date
from typing import Any

import pytest

from kechuang.codes.synthetic import synthetic_uscc
from kechuang.testing import Client
from kechuang_contracts.enterprise_registry import AuthorisationChanged, OrganisationChanged

JINGMEN, DONGBAO = "420800", "420802"


async def registered(jiangmen: Any, title: str, kind: str) -> str:
    """An organisation of Jingmen; gives its credit code."""
    uscc = synthetic_uscc(jiangmen.random)
    told = OrganisationChanged(
        uscc=uscc, title=title, kind=kind, scale="medium", industry="C33", chains=[], state="active",
        city=JINGMEN, division=DONGBAO, zones=[],
    )  # fmt: skip
    await jiangmen.cm.deliver(told, aggregate=uscc)
    return uscc


async def sent_university(jiangmen: Any) -> tuple[str, str]:
    """合作院校: a university is proposed to an enterprise. Gives the dispatch's path and the university."""
    university = await registered(jiangmen, "示范理工学院", "university")
    enterprise = await registered(jiangmen, "东宝化工有限公司", "enterprise")
    officer = jiangmen.cm.client(roles=["county_officer"], areas=[DONGBAO])
    made = await officer.make(
        "dispatches",
        {"server_kind": "organisation", "server": university, "target_kind": "enterprise",
         "target": enterprise, "programme": "partner_university"},
    )  # fmt: skip
    return f"dispatches/{made['id']}", university


async def authorised(jiangmen: Any, clerk: str, organisation: str, *scopes: str, version: int) -> None:
    letter = AuthorisationChanged(
        person=clerk, organisation=organisation, scopes=list(scopes), valid_from=date(2020, 1, 1),
        valid_to=None, state="active",
    )  # fmt: skip
    await jiangmen.cm.deliver(letter, aggregate=f"letter-{organisation}", version=version)


class TestServerOrganisation:
    @pytest.mark.parametrize("role", ["enterprise_clerk", "sending_unit"])
    async def test_it_accepts_by_who_is_authorised_to_sign(self, jiangmen: Any, role: str) -> None:
        path, university = await sent_university(jiangmen)
        clerk: Client = jiangmen.cm.client(roles=[role], organisation=university, person="p-clerk")
        without = await clerk.post(f"{path}/accept")
        assert (without.status_code, without.json()["code"]) == (403, "authorisation_missing")
        await authorised(jiangmen, "p-clerk", university, "draft", "submit", version=1)
        drafting = await clerk.post(f"{path}/accept")
        assert (drafting.status_code, drafting.json()["code"]) == (403, "authorisation_missing")
        assert (await clerk.read(path))["missing"] == ["server", "host"]
        await authorised(jiangmen, "p-clerk", university, "sign", version=2)
        assert (await clerk.do(path, "accept"))["missing"] == ["host"]

    async def test_its_signatory_needs_no_letter(self, jiangmen: Any) -> None:
        path, university = await sent_university(jiangmen)
        assert (await jiangmen.owner(university).do(path, "accept"))["missing"] == ["host"]


class TestSendingUnit:
    async def test_the_commissioner_does_not_accept_for_the_unit_they_belong_to(self, jiangmen: Any) -> None:
        unit = await jiangmen.organisation("示范研究院", kind="institute")
        person = await jiangmen.person()
        values = {"person": person, "city": "440700", "division": "440703", "organisation": unit,
                  "programme": "doctor_commissioner"}  # fmt: skip
        made = await jiangmen.county.make("commissioners", values)
        await jiangmen.owner(unit).do(f"commissioners/{made['id']}", "consent")
        await jiangmen.county.do(f"commissioners/{made['id']}", "verify")
        await jiangmen.city.do(f"commissioners/{made['id']}", "activate")
        need = await jiangmen.need(await jiangmen.organisation("开平纺织有限公司"))
        path = f"dispatches/{await jiangmen.proposal(made['id'], need)}"
        themself = jiangmen.cm.client(roles=["commissioner"], person=person, organisation=unit)
        refused = await themself.post(f"{path}/accept", {"as": "sending_unit"})
        assert (refused.status_code, refused.json()["code"]) == (403, "nothing_to_accept")
        assert (await themself.do(path, "accept"))["missing"] == ["sending_unit", "host"]
        assert (await jiangmen.owner(unit).do(path, "accept"))["missing"] == ["host"]
