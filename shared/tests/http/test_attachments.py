"""Files that a record takes: only the caller's own, checked, once."""

from typing import Any

import pytest
import sqlalchemy as sa

from kechuang.db.tables import file as files
from kechuang.testing import Client, ServiceHarness

OWN, OTHER = "91440703MA0TEAT010", "91360404MA0TEAT01G"


def clerk(notes: ServiceHarness, organisation: str = OWN) -> Client:
    return notes.client(roles=["enterprise_clerk"], organisation=organisation)


async def faults(client: Client, *attachments: dict[str, Any], path: str = "") -> list[tuple[str, str]]:
    body = {"title": "便条", "attachments": list(attachments)}
    answer = await client.post("notes", body)
    assert answer.status_code == 422, answer.text
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


class TestTaking:
    async def test_a_record_keeps_the_files_name_and_digest_and_who_sees_it_sees_the_file(
        self, notes: ServiceHarness
    ) -> None:
        one = await clerk(notes).attachment("notes", "licence")
        county = notes.client(roles=["county_officer"], areas=["440703"])
        assert (await county.get(f"files/{one['file']}")).status_code == 404
        made = await clerk(notes).make("notes", {"title": "便条", "attachments": [one]})
        stored = await clerk(notes).read(f"files/{one['file']}")
        assert (stored["state"], stored["record_id"]) == ("attached", made["id"])
        assert made["attachments"] == [
            one | {name: stored[name] for name in ("name", "media_type", "size", "sha256")}
        ]
        await clerk(notes).do(f"notes/{made['id']}", "submit")
        assert (await county.get(f"files/{one['file']}/content")).status_code == 200

    async def test_a_change_keeps_what_was_there_and_may_list_it_again(self, notes: ServiceHarness) -> None:
        one, two = [await clerk(notes).attachment("notes", kind) for kind in ("licence", "audit_report")]
        made = await clerk(notes).make("notes", {"title": "便条", "attachments": [one]})
        path = f"notes/{made['id']}"
        both = await clerk(notes).patch(path, {"attachments": [two, one | {"title": "营业执照"}]})
        assert [each["title"] for each in both["attachments"]] == ["audit_report", "营业执照"]
        assert (await clerk(notes).patch(path, {"attachments": [two]}))["attachments"] == [
            both["attachments"][0]
        ]
        again = await clerk(notes).patch(path, {"attachments": [one]})
        assert again["attachments"] == made["attachments"]
        assert (await clerk(notes).patch(path, {"title": "另一"}))["attachments"] == made["attachments"]

    async def test_a_dry_run_leaves_the_file_free(self, notes: ServiceHarness) -> None:
        one = await clerk(notes).attachment("notes", "licence")
        body = {"title": "便条", "attachments": [one]}
        tried = await clerk(notes).post("notes?dry_run=true", body)
        assert tried.status_code == 201
        assert (await clerk(notes).read(f"files/{one['file']}"))["state"] == "clean"


class TestRefusing:
    async def test_absent_files_and_those_of_others_are_refused_alike_and_all_at_once(
        self, notes: ServiceHarness
    ) -> None:
        good, theirs = (
            await clerk(notes).attachment("notes", "a"),
            await clerk(notes, OTHER).attachment("notes", "b"),
        )
        absent = good | {"file": "ty_00000000-0000-7000-8000-000000000000"}
        found = await faults(clerk(notes), theirs, good, absent, good)
        assert found == [
            ("/attachments/0/file", "file_unknown"),
            ("/attachments/2/file", "file_unknown"),
            ("/attachments/3/file", "file_twice"),
        ]
        assert (await clerk(notes).read(f"files/{good['file']}"))["state"] == "clean"

    async def test_a_file_of_another_record_is_refused(self, notes: ServiceHarness) -> None:
        one = await clerk(notes).attachment("notes", "licence")
        await clerk(notes).make("notes", {"title": "便条", "attachments": [one]})
        assert await faults(clerk(notes), one) == [("/attachments/0/file", "file_in_use")]

    @pytest.mark.parametrize(
        ("changed", "code"),
        [({"state": "quarantined"}, "file_unclean"), ({"state": "refused"}, "file_unclean"),
         ({"resource": "others"}, "file_for_other")],
    )  # fmt: skip
    async def test_a_file_that_is_not_cleared_or_is_for_something_else_is_refused(
        self, notes: ServiceHarness, changed: dict[str, str], code: str
    ) -> None:
        one = await clerk(notes).attachment("notes", "licence")
        async with notes.unit() as uow:
            await uow.execute(sa.update(files).where(files.c.id == one["file"]).values(changed))
        assert await faults(clerk(notes), one) == [("/attachments/0/file", code)]

    async def test_of_two_records_that_take_the_same_file_at_once_one_gets_it(
        self, notes: ServiceHarness
    ) -> None:
        import asyncio

        one = await clerk(notes).attachment("notes", "licence")
        body = {"title": "便条", "attachments": [one]}
        answers = await asyncio.gather(*(clerk(notes).post("notes", body) for _ in range(10)))
        assert sorted(each.status_code for each in answers) == [201] + [422] * 9
