"""The file of those who doubled their R&D input (研发投入倍增)."""

import io
import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
import sqlalchemy as sa
from er_story import city, county, filed, registered
from python_calamine import CalamineWorkbook

from enterprise_registry.rd_growth import exporting
from enterprise_registry.service import SERVICE
from kechuang.db.tables import audit
from kechuang.testing import ServiceHarness


@pytest.fixture(scope="module")
async def er(engines: Any, deployed_packs: str) -> AsyncIterator[ServiceHarness]:
    """The service with the packs of the repository."""
    async with ServiceHarness(SERVICE, engines, packs_dir=deployed_packs) as harness:
        yield harness


async def test_un02_the_file_has_what_the_list_has_over_all_pages_and_says_who_took_it(
    er: ServiceHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UN-02: page by page into the file, in each format the same rows; the act is in the audit log."""
    monkeypatch.setattr(exporting, "_PAGE", 2)
    year = er.database.clock.today().year - 1
    for _ in range(5):
        cast = await registered(er)
        await filed(cast, year - 2, rd_expense="1000000.00")
        await filed(cast, year, rd_expense="2000000.00")
    asked = {"city": "440700", "base_year": year - 2, "outcome": "all"}
    listed = [each["organisation"] for each in (await city(er).read("rd-growth", **asked))["items"]]
    assert len(listed) == 5
    files = {
        form: await city(er).get("rd-growth/export", params={**asked, "format": form})
        for form in ("csv", "xlsx", "ndjson")
    }
    assert {each.status_code for each in files.values()} == {200}
    assert [line.split(",")[0] for line in files["csv"].text.splitlines()[1:]] == listed
    assert [json.loads(line)["organisation"] for line in files["ndjson"].text.splitlines()] == listed
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(files["xlsx"].content)).get_sheet_by_index(0)
    assert [row[0] for row in sheet.to_python()[1:]] == listed
    assert len(files["csv"].content) == int(files["csv"].headers["content-length"])
    assert len((await county(er, "440704").get("rd-growth/export", params=asked)).text.splitlines()) == 1
    noted = sa.select(audit.c.reason).where(audit.c.resource == "rd-growth").order_by(audit.c.seq)
    async with er.unit() as uow:
        taken = [str(each) for each in (await uow.execute(noted)).scalars()]
    assert [each.split(",")[0] for each in taken] == ["csv", "xlsx", "ndjson", "csv"]
