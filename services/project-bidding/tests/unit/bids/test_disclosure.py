"""What an opened bid says is read, or noted as unreadable: nothing in it may stop the others."""

import json

import pytest

from project_bidding.bids.disclosure import _read
from project_bidding.bids.envelope import Opened

BUDGET = json.dumps({"total": "100.00", "requested": "40.00"}).encode()


def opened(technical: bytes) -> dict[str, Opened]:
    return {"technical": Opened(technical, b""), "budget": Opened(BUDGET, b"")}


def test_what_a_bid_says_is_read() -> None:
    said = _read(opened('{"title": "焊接", "plan": "方案"}'.encode()))
    assert said == {"title": "焊接", "total_fen": 10_000, "requested_fen": 4_000}


@pytest.mark.parametrize(
    "technical",
    [
        b'{"title": "a\\u0000b", "plan": "x"}',  # no text of the database can hold it
        b'{"title": "a\\ud800b", "plan": "x"}',
        '{"title": "焊接", "plan": "方案"}'.encode("utf-16"),
        b'{"title": "a"}',
        b"not json",
    ],
)
def test_what_cannot_be_kept_is_unreadable(technical: bytes) -> None:
    assert _read(opened(technical)) == {}
