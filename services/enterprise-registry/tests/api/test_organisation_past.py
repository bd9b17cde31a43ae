"""An organisation's past: what it was on a day, where it went, what happened to it and who may know."""

from datetime import timedelta
from typing import Any

from er_story import ANNUAL, city, county, filed, integration, new_uscc, registered

from kechuang.testing import Client, ServiceHarness


async def happened(who: Client, path: str, **params: Any) -> list[tuple[str, str]]:
    """What a reader is told, newest first."""
    items = (await who.read(f"{path}/timeline", **params))["items"]
    return [(each["resource"], each["verb"]) for each in items]


class TestStanding:
    async def test_name_and_place_are_those_of_the_end_of_the_day(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        before = er.database.clock.today()
        await er.at(days=2)
        await cast.county.do(path, "rename", {"name": "江门更名后有限公司"})
        await cast.city.do(path, "relocate", {"division": "440704", "zones": ["jiangmen-hnz"]})
        now = county(er, "440704")
        old = await now.read(f"{path}/standing", as_of=str(before))
        assert (old["name"], old["division"], old["zones"], old["state"]) == (
            cast.organisation["name"], "440703", [], "active",
        )  # fmt: skip
        new = await now.read(f"{path}/standing")
        assert (new["name"], new["division"], new["former_names"]) == (
            "江门更名后有限公司", "440704", [cast.organisation["name"]],
        )  # fmt: skip

    async def test_before_its_registration_there_is_nothing_to_say(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        day = er.database.clock.today() - timedelta(days=1)
        refused = await cast.county.get(
            f"organisations/{cast.organisation['id']}/standing", params={"as_of": str(day)}
        )
        assert refused.json()["errors"][0]["code"] == "before_registration"

    async def test_the_size_class_and_the_line_of_those_above_scale_keep_their_days(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        year = er.database.clock.today().year
        await filed(cast, year - 2, main_business_revenue="20000000.00")
        first = er.database.clock.today()
        found = await cast.county.read(path)
        assert (found["scale"], found["above_scale"]) == ("small", True)
        await er.at(days=1)
        await filed(
            cast,
            year - 1,
            employees=1000,
            operating_revenue="400000000.00",
            main_business_revenue="19999999.99",
        )
        found = await cast.county.read(path)
        assert (found["scale"], found["above_scale"]) == ("large", False)
        then = await cast.county.read(f"{path}/standing", as_of=str(first))
        assert (then["scale"], then["scale_source"], then["above_scale"]) == ("small", "computed", True)

    async def test_an_older_year_and_statistical_tables_change_neither(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        year = er.database.clock.today().year
        await filed(cast, year - 1, main_business_revenue="20000000.00")
        await filed(cast, year - 2, employees=1000, operating_revenue="400000000.00")
        made = await cast.signatory.make(
            "filings", {"form": "rd_statistics", "period": str(year - 1), "facts": {"employees": 1000}}
        )
        await cast.signatory.do(f"filings/{made['id']}", "submit")
        await cast.county.do(f"filings/{made['id']}", "verify")
        found = await cast.county.read(path)
        assert (found["scale"], found["above_scale"]) == ("small", True)


class TestMoving:
    async def test_merged_it_names_the_one_that_took_it_over(self, er: ServiceHarness) -> None:
        gone, stays = await registered(er), await registered(er)
        path = f"organisations/{gone.organisation['id']}"
        tag = (await gone.county.get(path)).headers["etag"]
        for wrong, code in ((gone.uscc, "merged_into_itself"), (new_uscc(), "organisation_unknown")):
            refused = await gone.county.post(
                f"{path}/deregister", {"merged_into": wrong}, headers={"If-Match": tag}
            )
            assert refused.json()["errors"][0]["code"] == code
        done = await gone.county.do(path, "deregister", {"merged_into": stays.uscc, "reason": "吸收合并"})
        assert (done["state"], done["merged_into"]) == ("deregistered", stays.uscc)
        refused = await gone.signatory.post("filings", {"form": "enterprise_annual", "period": "2023"})
        assert refused.json()["errors"][0]["code"] == "organisation_not_active"

    async def test_moved_to_another_county_what_it_files_now_is_that_countys(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        old = await filed(cast, 2022)
        path = f"organisations/{cast.organisation['id']}"
        await cast.city.do(path, "relocate", {"division": "440704"})
        new = await cast.signatory.make(
            "filings", {"form": "enterprise_annual", "period": "2023", "facts": ANNUAL}
        )
        await cast.signatory.do(f"filings/{new['id']}", "submit")
        there = county(er, "440704")
        assert (await there.get(f"filings/{new['id']}")).status_code == 200
        assert (await cast.county.get(f"filings/{new['id']}")).status_code == 404
        assert (await cast.county.get(f"filings/{old['id']}")).status_code == 200
        assert (await cast.county.get(path)).status_code == 404

    async def test_an_institute_from_elsewhere_belongs_to_no_county_and_is_verified_by_the_city(
        self, er: ServiceHarness
    ) -> None:
        body = {"uscc": new_uscc("440106"), "name": "省示例研究院", "kind": "research_institute",
                "division": "outside", "city": "440700"}  # fmt: skip
        made = await integration(er).make("organisations", body)
        path = f"organisations/{made['id']}"
        assert (await county(er).get(path)).status_code == 404
        verified = await city(er).do(path, "verify")
        assert (verified["state"], verified["division"], verified["zones"]) == ("active", "outside", [])


class TestTimeline:
    async def test_it_tells_newest_first_page_by_page_what_happened_to_the_organisation_and_its_records(
        self, er: ServiceHarness
    ) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        made = await filed(cast, 2023)
        await cast.county.do(path, "rename", {"name": "江门大事有限公司"})
        told = await happened(cast.county, path)
        assert told == [
            ("organisations", "rename"), ("organisations", "classify"), ("filings", "verify"), ("filings", "submit"),
            ("filings", "create"), ("organisations", "verify"), ("organisations", "create"),
        ]  # fmt: skip
        paged: list[tuple[str, str]] = []
        cursor: dict[str, str] = {}
        while True:
            page = await cast.county.read(f"{path}/timeline", limit=3, **cursor)
            paged += [(each["resource"], each["verb"]) for each in page["items"]]
            if page["next_cursor"] is None:
                break
            cursor = {"cursor": page["next_cursor"]}
        assert paged == told
        (
            newest,
            *_,
        ) = (await cast.county.read(f"{path}/timeline"))["items"]
        assert newest["changes"]["name"] == "江门大事有限公司"
        verify = (await cast.county.read(f"{path}/timeline", resource="filings"))["items"][0]
        assert (verify["record"]["id"], verify["state"], verify["verb_zh"]) == (
            made["id"],
            "verified",
            "核实",
        )

    async def test_each_reader_is_told_what_they_may_see_alone(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        path = f"organisations/{cast.organisation['id']}"
        await cast.signatory.make("filings", {"form": "enterprise_annual", "period": "2023"})
        assert ("filings", "create") in await happened(cast.signatory, path)
        assert "filings" not in {resource for resource, _ in await happened(cast.county, path)}
        stranger = await registered(er)
        assert (await stranger.signatory.get(f"{path}/timeline")).status_code == 404
        refused = await cast.county.get(f"{path}/timeline", params={"resource": "secrets"})
        assert refused.json()["errors"][0]["code"] == "resource_unknown"
