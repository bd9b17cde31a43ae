"""What packs say, the code lists, and who the caller is."""

from er_story import city, registered

from kechuang.testing import ServiceHarness


class TestPolicy:
    async def test_everybody_reads_packs_with_their_digests(self, er: ServiceHarness) -> None:
        public = er.client()
        packs = await public.read("policy-packs")
        assert "jiangmen-test" in {each["pack"] for each in packs["items"]}
        versions = await public.read("policy-packs/jiangmen-test/versions")
        assert (versions["items"][0]["version"], len(versions["items"][0]["digest"])) == ("2023.1", 64)
        assert (await public.get("policy-packs/nowhere/versions")).status_code == 404
        documents = await public.read("policy-documents", limit=200)
        assert "国科发火〔2016〕32号" in {each["document_no"] for each in documents["items"]}

    async def test_a_ladder_has_nodes_edges_and_who_decides(self, er: ServiceHarness) -> None:
        ladder = await er.client().read("ladders/jiangmen-test")
        nodes = {each["code"]: each for each in ladder["nodes"]}
        assert (nodes["tech_micro"]["decided_by"], nodes["hnte"]["decided_by"]) == ("city", "province")
        assert (nodes["hnte"]["node"], nodes["hnte"]["validity"]) == (
            "national-hnte/hnte",
            {"years": 3, "renewal": "期满前重新提出认定申请"},
        )
        assert nodes["tech_sme"]["has_rule"] is True
        assert {(e["from_node"], e["to_node"]) for e in ladder["edges"]} == {
            ("tech_micro", "tech_sme"), ("tech_sme", "hnte")
        }  # fmt: skip
        exact = await er.client().read("ladders/jiangmen-test@2023.1")
        assert exact == ladder
        assert [each["pack"] for each in (await er.client().read("ladders", city="440700"))["items"]] == [
            "jiangmen-test"
        ]

    async def test_the_conditions_of_a_ladder_are_public_in_every_dated_version(
        self, er: ServiceHarness
    ) -> None:
        public = er.client()
        rules = (await public.read("ladders/jiangmen-test/rules"))["items"]
        assert {each["node"] for each in rules} == {"tech_micro", "tech_sme", "hnte", "big_spender"}
        (hnte,) = (await public.read("ladders/jiangmen-test/rules", node="hnte"))["items"]
        assert (hnte["pack"], hnte["version"], hnte["in_force"]) == ("national-hnte@2016.1", "2016", True)
        assert hnte["transition"]["held_titles"] == "run_to_expiry"
        first = hnte["condition"]["all_of"][0]
        assert (first["fact"], first["comparator"], first["threshold"]) == ("registered_days", ">=", 365)
        derived = next(each for each in rules if each["node"] == "big_spender")
        assert (derived["transition"], derived["condition"]["threshold"]) == (None, "300万元")
        assert (await public.get("ladders/nowhere/rules")).status_code == 404

    async def test_areas_chains_forms_and_pages(self, er: ServiceHarness) -> None:
        public = er.client()
        areas = await public.read("areas", city="440700", limit=2)
        assert [each["id"] for each in areas["items"]] == ["440700", "440703"]
        rest = await public.read("areas", city="440700", limit=2, cursor=areas["next_cursor"])
        assert [each["id"] for each in rest["items"]] == ["440704", "jiangmen-hnz"]
        assert (await public.get("areas", params={"cursor": "x"})).status_code == 400
        assert (await public.read("chains", city="440700"))["items"][0]["name"]["zh"] == "先进材料"
        form = await public.read("forms/enterprise_annual/1")
        assert form["schema"]["properties"]["employees"]["title"] == "从业人员数"
        assert form["checks"][0]["code"] == "st_within_employees"
        filings = await public.read("forms", purpose="filing")
        assert {each["code"] for each in filings["items"]} == {
            "enterprise_annual", "rd_activity_annual", "rd_projects_107_1", "rd_activities_107_2", "rd_statistics",
        }  # fmt: skip

    async def test_code_lists_hold_states_standards_and_lists_of_packs(self, er: ServiceHarness) -> None:
        public = er.client()
        names = {each["code"] for each in (await public.read("codelists"))["items"]}
        assert {
            "applications.state",
            "gbt-4754",
            "gbt-13745",
            "areas",
            "chains.jiangmen-test",
            "hnte_fields",
        } <= names
        states = await public.read("codelists/applications.state")
        assert {"code": "recognised", "zh": "已认定", "en": "Recognised", "parent": None} in states["codes"]
        assert len((await public.read("codelists/gbt-4754"))["codes"]) == 117
        assert (await public.get("codelists/nothing")).status_code == 404


class TestMe:
    async def test_it_tells_roles_areas_organisations_and_actions(self, er: ServiceHarness) -> None:
        cast = await registered(er)
        me = await cast.signatory.read("me")
        assert me["organisations"] == [
            {
                "uscc": cast.uscc,
                "name": cast.organisation["name"],
                "state": "active",
                "scopes": ["draft", "sign", "submit"],
            }
        ]
        assert "applications:submit" in me["actions"]
        assert "applications:decide" not in me["actions"]
        officer = await city(er).read("me")
        assert officer["areas"] == [{"id": "440700", "zh": "江门市", "en": "Jiangmen"}]

    async def test_without_a_token_nobody_is_told(self, er: ServiceHarness) -> None:
        assert (await er.client().get("me")).status_code == 401


class TestSpecification:
    async def test_operations_and_schemas_are_unique_and_described(self, er: ServiceHarness) -> None:
        spec = er.app.openapi()
        operations = [each for methods in spec["paths"].values() for each in methods.values()]
        ids = [each["operationId"] for each in operations]
        assert len(ids) == len(set(ids))
        assert all(each.get("summary") and each.get("description") for each in operations)
