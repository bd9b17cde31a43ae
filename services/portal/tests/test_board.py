"""The public progress board, drawn from what indicators answers."""

from typing import Any

import httpx

from kechuang.settings import Settings
from portal.main import create_app
from portal.pages import board
from portal.peers import Peers

TARGET = {"comparator_label": {"zh": "达到", "en": "reaches"}, "value": "1000", "deadline": "2025-12-31"}
ITEM: dict[str, Any] = {
    "indicator": "jiangmen-2023.commissioners_dispatched", "name": {"zh": "科技特派员", "en": "Commissioners"},
    "unit_zh": "名", "pack": "jiangmen-2023@1.0.0", "area": "440700", "as_of": "2024-06-30", "value": "12",
    "state": "not_met", "targets": [TARGET],
}  # fmt: skip


def test_a_row_shows_value_target_deadline_and_state() -> None:
    page = bytes(board([ITEM]).body).decode()
    for text in ("440700", "科技特派员", "12 名", "达到 1000 名", "2025-12-31", "未达成"):
        assert text in page


def test_what_is_not_known_is_no_zero_and_text_is_escaped() -> None:
    unknown = ITEM | {"value": None, "state": "cannot_tell", "targets": [], "name": {"zh": "<b>", "en": "&"}}
    page = bytes(board([unknown]).body).decode()
    assert "无法判断" in page
    assert "<b>" not in page
    assert "<td>–</td>" in page


async def test_the_board_passes_the_question_on_and_says_when_indicators_is_away() -> None:
    asked: list[str] = []

    async def answer(request: httpx.Request) -> httpx.Response:
        asked.append(str(request.url))
        return httpx.Response(200, json={"items": [ITEM], "next_cursor": None})

    async def away(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("away")

    app = create_app(Settings(peers='{"indicators": ["http://indicators"]}'))
    peers: Peers = app.state.peers
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://portal") as client:
        for handler, status in ((answer, 200), (away, 503)):
            peers._client = httpx.AsyncClient(transport=httpx.MockTransport(handler))
            found = await client.get("/board", params={"area": "440700"})
            assert found.status_code == status
            await peers.close()
    assert asked == ["http://indicators/api/v1/progress?area=440700"]
