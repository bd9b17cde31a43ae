"""The demonstration's client at a server that fails first: the same key until there is an answer."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from kechuang_embedded.demo.client import Api, RefusedError, WaitedInVainError


class Unsteady(BaseHTTPRequestHandler):
    """Answers each new key with 503, then drops the connection, then creates; `refuse` is refused at once."""

    seen: list[str]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        key = self.headers["idempotency-key"]
        self.seen.append(key)
        if self.path.endswith("/refuse"):
            self._answer(422, {"code": "invalid", "errors": [{"pointer": "/name", "detail": "缺少名称"}]})
        elif self.path.endswith("/away") or self.seen.count(key) == 1:
            self._answer(503, {"code": "unavailable"})
        elif self.seen.count(key) == 2:
            self.close_connection = True  # without a word
        else:
            self._answer(201, {"id": "1", "number": "OR-1", "state": "registered"})

    def _answer(self, status: int, body: dict) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def api() -> Iterator[Api]:
    handler = type("Handler", (Unsteady,), {"seen": []})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    stack = {"gateway": f"http://127.0.0.1:{server.server_port}", "tokens": {"city_officer": "t"}}
    try:
        with Api(stack, run="test", patience=2.0) as client:
            client.seen = handler.seen
            yield client
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_write_is_repeated_with_its_key_until_it_is_answered(api: Api) -> None:
    told = []
    api.told = told.append
    with api.within("register"):
        made = api.by("city_officer").create("organisations", {"name": "江门示澄科技有限公司"})
    assert made["number"] == "OR-1"
    assert api.seen == ["test:register:1"] * 3
    assert [(act.verb, act.before, act.after) for act in told] == [("create", None, "registered")]


def test_a_step_that_is_told_again_has_the_same_keys(api: Api) -> None:
    officer = api.by("city_officer")
    for _ in range(2):
        with api.within("two-acts"):
            officer.create("organisations", {"name": "甲"})
            officer.create("organisations", {"name": "乙"})
    assert set(api.seen) == {"test:two-acts:1", "test:two-acts:2"}


def test_a_refusal_is_not_repeated_and_names_every_fault(api: Api) -> None:
    with api.within("refused"), pytest.raises(RefusedError, match=r"422 invalid .*/name: 缺少名称"):
        api.by("city_officer").create("refuse", {})
    assert len(api.seen) == 1


def test_patience_ends_and_says_what_it_waited_for(api: Api) -> None:
    api.patience = 0.3
    with api.within("away"), pytest.raises(WaitedInVainError, match=r"POST /api/v1/away: no answer"):
        api.by("city_officer").create("away", {})
