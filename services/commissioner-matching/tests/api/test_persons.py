"""One person one file; personal data masked, encrypted and revealed only with a reason."""

import asyncio
import base64
from typing import Any

import sqlalchemy as sa
from pydantic import SecretStr

from kechuang.codes.synthetic import synthetic_resident_id
from kechuang.personal.rotate import rotate


def file_of(jiangmen: Any, **more: Any) -> dict[str, Any]:
    return {
        "name": "陈示例", "phone": "13812345678", "id_number": synthetic_resident_id(jiangmen.random),
        "city": "440700", "division": "440703", "employer": "五邑示范学院", **more,
    }  # fmt: skip


class TestFile:
    async def test_personal_fields_come_out_masked_and_lie_encrypted(self, jiangmen: Any) -> None:
        given = file_of(jiangmen)
        made = await jiangmen.county.make("persons", given)
        assert made["name"] == "陈*"
        assert made["phone"] == "138****5678"
        assert made["id_number"] == f"{given['id_number'][:4]}{'*' * 11}{given['id_number'][-3:]}"
        async with jiangmen.cm.database.read.connect() as conn:
            rows = await conn.execute(sa.text("SELECT p::text || h::text AS all FROM person p, history h WHERE p.id = :id AND h.record_id = p.id"), {"id": made["id"]})  # fmt: skip
            stored = " ".join(row.all for row in rows)
        assert given["id_number"] not in stored
        assert "13812345678" not in stored
        assert "陈示例".encode().hex() not in stored

    async def test_after_a_new_master_key_everything_opens_and_the_old_key_wraps_nothing(
        self, own_jiangmen: Any
    ) -> None:
        jiangmen, database = own_jiangmen, own_jiangmen.cm.database
        given = file_of(jiangmen)
        made = await jiangmen.county.make("persons", given)
        settings = database.settings
        settings.former_master_keys = settings.master_key
        settings.master_key = SecretStr(base64.b64encode(b"n" * 32).decode())
        assert await rotate(database) >= 1
        assert await rotate(database) == 0
        again = await jiangmen.city.post("persons", given)  # the look-up index is keyed as before
        assert again.json()["code"] == "person_exists"
        # Without the key of before the fields still open: nothing is wrapped with it any more.
        settings.former_master_keys = SecretStr("")
        assert (await jiangmen.county.read(f"persons/{made['id']}"))["phone"] == "138****5678"

    async def test_a_second_file_under_the_same_number_is_refused(self, jiangmen: Any) -> None:
        given = file_of(jiangmen)
        first = await jiangmen.county.make("persons", given)
        again = await jiangmen.city.post("persons", {**given, "name": "陈 示例", "phone": None})
        assert (again.status_code, again.json()["code"]) == (409, "person_exists")
        assert again.json()["person"] == first["id"]
        elsewhere = jiangmen.cm.client(roles=["city_officer"], areas=["360400"])
        hidden = await elsewhere.post("persons", {**given, "city": "360400", "division": None})
        assert hidden.status_code == 409
        assert "person" not in hidden.json()

    async def test_of_ten_at_once_one_file_is_opened(self, jiangmen: Any) -> None:
        given = file_of(jiangmen)
        answers = await asyncio.gather(*(jiangmen.city.post("persons", given) for _ in range(10)))
        assert sorted(each.status_code for each in answers) == [201] + [409] * 9

    async def test_a_wrong_identity_number_is_named_and_not_repeated(self, jiangmen: Any) -> None:
        answer = await jiangmen.city.post("persons", file_of(jiangmen, id_number="440700196601102620"))
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == "/id_number"
        assert "440700196601102620" not in answer.text


class TestWhoSees:
    async def test_person_and_place_see_the_file_and_nobody_else(self, jiangmen: Any) -> None:
        person = await jiangmen.person()
        path = f"persons/{person}"
        assert (await jiangmen.as_person(person).get(path)).status_code == 200
        assert (await jiangmen.as_person("somebody-else").get(path)).status_code == 404
        assert (await jiangmen.other_county.get(path)).status_code == 404
        enterprise = jiangmen.owner(await jiangmen.organisation("新会陈皮有限公司"))
        assert (await enterprise.get(path)).status_code == 403

    async def test_revealing_takes_permission_and_reason_and_is_audited(self, jiangmen: Any) -> None:
        person = await jiangmen.person(phone="13887654321")
        path = f"persons/{person}/reveal"
        assert (await jiangmen.city.post(path, {"fields": ["phone"]})).status_code == 422
        wanted = {"fields": ["phone"], "reason": "通知签约"}
        assert (await jiangmen.auditor.post(path, wanted)).status_code == 403
        assert (await jiangmen.other_county.post(path, wanted)).status_code == 404
        answer = await jiangmen.city.post(path, wanted)
        assert answer.json() == {"id": person, "name": None, "phone": "13887654321", "id_number": None}
        assert answer.headers["cache-control"] == "no-store"
        async with jiangmen.cm.database.read.connect() as conn:
            audited = (await conn.execute(sa.text("SELECT reason FROM audit WHERE action = 'persons:reveal' AND record_id = :id"), {"id": person})).all()  # fmt: skip
            kept = (await conn.execute(sa.text("SELECT count(*) FROM idempotency WHERE answer::text LIKE :p OR encode(answer, 'escape') LIKE :p"), {"p": "%13887654321%"})).scalar()  # fmt: skip
        assert [row.reason for row in audited] == ["通知签约 [phone]"]
        assert kept == 0

    async def test_merging_keeps_both_files_and_can_be_undone(self, jiangmen: Any) -> None:
        one, two = await jiangmen.person(), await jiangmen.person()
        body = {"into": one, "reason": "重复建档"}
        merged = await jiangmen.city.do(f"persons/{two}", "merge", body)
        assert (merged["state"], merged["merged_into"]) == ("merged", one)
        into_itself = await jiangmen.city.post(
            f"persons/{one}/merge", {"into": one, "reason": "误"}, headers={"If-Match": '"1"'}
        )
        assert into_itself.status_code == 422
        assert (await jiangmen.city.do(f"persons/{two}", "unmerge"))["merged_into"] is None

    async def test_persons_cannot_drop_a_tie_that_recusal_rests_on(self, jiangmen: Any) -> None:
        uscc = await jiangmen.organisation("台山电机有限公司")
        tie = {"organisation": uscc, "kind": "shareholding", "evidence": "工商登记"}
        person = await jiangmen.person(conflicts=[tie])
        themself = jiangmen.as_person(person)
        await themself.patch(f"persons/{person}", {"specialty": "电机降噪"})
        tag = (await themself.get(f"persons/{person}")).headers["etag"]
        answer = await themself.http.patch(
            f"/api/v1/persons/{person}", json={"conflicts": []}, headers={"If-Match": tag}
        )
        assert (answer.status_code, answer.json()["code"]) == (403, "ties_are_kept")
        assert (await jiangmen.city.patch(f"persons/{person}", {"conflicts": []}))["conflicts"] == []
