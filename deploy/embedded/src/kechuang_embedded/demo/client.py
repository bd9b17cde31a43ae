"""The gateway as a careful client uses it: every write with an idempotency key, retried until it is answered.

    api = Api(stack, run="demo-1")
    with api.within("register"):
        created = api.by("enterprise").create("organisations", {...})
        verified = api.by("county_officer").do("organisations", created["id"], "verify")

The keys follow from the run, the step and the count of writes in it. A step that was interrupted is told again with
the same keys, and what had happened already is answered from memory: killing any process in between loses and
doubles nothing.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final, Self

import httpx

Json = dict[str, Any]
Told = Callable[["Act"], None]
_AWAY: Final = frozenset({429, 502, 503, 504})
_STALE: Final = 412
_PAUSE: Final = 0.25
_TOKEN_LIFE: Final = 86_400


class RefusedError(Exception):
    """The gateway answered with a problem that a retry does not mend."""

    def __init__(self, act: str, status: int, problem: Mapping[str, Any]) -> None:
        self.status = status
        self.code = str(problem.get("code", ""))
        self.problem = dict(problem)
        faults = "; ".join(f"{each['pointer']}: {each['detail']}" for each in problem.get("errors", ()))
        detail = f"{problem.get('detail') or problem.get('title') or ''} {faults}".strip()
        super().__init__(f"{act}: {status} {self.code} {detail}")


class WaitedInVainError(Exception):
    """Something did not come about in time."""


@dataclass(frozen=True, slots=True)
class Act:
    """What somebody did: the record before and after."""

    who: str
    verb: str
    resource: str
    record: Json
    before: str | None
    after: str | None

    @property
    def label(self) -> str:
        """The record's number, or its id."""
        return str(self.record.get("number") or self.record.get("uscc") or self.record.get("id") or "")


class Api:
    """All principals' access to one gateway. `patience` is how long one request is retried, in seconds."""

    def __init__(self, stack: Mapping[str, Any], *, run: str, patience: float = 90.0) -> None:
        self.stack = stack
        self.patience = patience
        self.told: Told = lambda _: None
        self._run = run
        self._step = "outside"
        self._count = 0
        self._tokens: dict[str, str] = dict(stack["tokens"])
        self._http = httpx.Client(base_url=str(stack["gateway"]), timeout=30.0, trust_env=False)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    @contextmanager
    def within(self, step: str) -> Iterator[None]:
        """Write in a step: its idempotency keys begin anew."""
        self._step, self._count = step, 0
        yield

    def by(self, who: str, **wanted: str) -> "Caller":
        """Speak as a demonstration principal, or as `who` with a token of what is `wanted` of the issuer."""
        return Caller(self, who, wanted)

    # -- used by callers -----------------------------------------------------------------------

    def key(self) -> str:
        """The next idempotency key."""
        self._count += 1
        return f"{self._run}:{self._step}:{self._count}"

    def token(self, who: str, wanted: Mapping[str, str]) -> str:
        """The token of a principal; one on demand is asked of the issuer once."""
        if who not in self._tokens:
            client = self.stack["demo_client"]
            form = {
                "grant_type": "client_credentials",
                "client_id": client["id"],
                "client_secret": client["secret"],
                "expires_in": str(_TOKEN_LIFE),
                **(wanted or {"principal": who}),
            }
            answer = self.send("POST", f"{self.stack['issuer']}/token", data=form)
            self._tokens[who] = _checked(f"token of {who}", answer)["access_token"]
        return self._tokens[who]

    def send(self, method: str, url: str, **options: Any) -> httpx.Response:
        """Send until there is an answer of the service itself."""
        deadline = time.monotonic() + self.patience
        while True:
            try:
                answer = self._http.request(method, url, **options)
            except httpx.TransportError as error:
                trouble = f"{type(error).__name__}: {error}"
                pause = _PAUSE
            else:
                if not _is_away(answer):
                    return answer
                trouble = f"{answer.status_code} {answer.text[:200]}"
                pause = min(float(answer.headers.get("retry-after") or _PAUSE), 2.0)
            if time.monotonic() > deadline:
                raise WaitedInVainError(f"{method} {url}: no answer for {self.patience:.0f} s; {trouble}")
            time.sleep(pause)


class Caller:
    """One principal at the gateway."""

    def __init__(self, api: Api, who: str, wanted: Mapping[str, str]) -> None:
        self.who = who
        self._api = api
        self._wanted = wanted

    def get(self, path: str, **query: Any) -> Json:
        """Read `/api/v1/<path>`."""
        answer = self._send("GET", path, params=query)
        return _checked(f"{self.who} reads {path}", answer)

    def find(self, path: str, **query: Any) -> list[Json]:
        """Read a whole list, page by page."""
        found: list[Json] = []
        cursor: str | None = None
        while True:
            page = self.get(path, **query, limit=200, **({"cursor": cursor} if cursor else {}))
            found += page["items"]
            cursor = page["next_cursor"]
            if cursor is None:
                return found

    def create(self, resource: str, body: Json) -> Json:
        """Create a record."""
        answer = self._send("POST", resource, json=body, headers={"Idempotency-Key": self._api.key()})
        created = _checked(f"{self.who} creates {resource}", answer)
        self._tell("create", resource, created, None)
        return created

    def post(self, path: str, body: Json, **query: Any) -> Json:
        """Ask something that is neither creation nor transition."""
        answer = self._send(
            "POST", path, json=body, params=query, headers={"Idempotency-Key": self._api.key()}
        )
        return _checked(f"{self.who} asks {path}", answer)

    def upload(self, resource: str, name: str, content: bytes, media: str) -> str:
        """Upload a file for a resource; gives its id."""
        headers = {"Content-Type": media, "Idempotency-Key": self._api.key()}
        answer = self._send("POST", "files", content=content, params={"for": resource, "name": name},
                            headers=headers)  # fmt: skip
        return str(_checked(f"{self.who} uploads {name}", answer)["id"])

    def patch(self, resource: str, record_id: str, body: Json) -> Json:
        """Change a record as it is now."""
        return self._change("PATCH", resource, record_id, "update", body)

    def do(self, resource: str, record_id: str, verb: str, body: Json | None = None) -> Json:
        """Take a step with a record as it is now."""
        return self._change("POST", resource, record_id, verb, body)

    # -- inside --------------------------------------------------------------------------------

    def _change(self, method: str, resource: str, record_id: str, verb: str, body: Json | None) -> Json:
        path = f"{resource}/{record_id}"
        key, attempts = self._api.key(), 5
        while True:
            current = self._send("GET", path)
            before = _checked(f"{self.who} reads {path}", current)
            headers = {"Idempotency-Key": key, "If-Match": current.headers.get("etag", "")}
            address = path if method == "PATCH" else f"{path}/{verb}"
            answer = self._send(method, address, json=body, headers=headers)
            attempts -= 1
            if answer.status_code != _STALE or not attempts:  # an event may have changed it meanwhile
                break
        after = _checked(f"{self.who} {verb} {path}", answer)
        self._tell(verb, resource, after, before.get("state"))
        return after

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        token = self._api.token(self.who, self._wanted)
        headers = {**options.pop("headers", {}), "Authorization": f"Bearer {token}"}
        return self._api.send(method, f"/api/v1/{path}", headers=headers, **options)

    def _tell(self, verb: str, resource: str, record: Json, before: str | None) -> None:
        self._api.told(Act(self.who, verb, resource, record, before, record.get("state")))


def _is_away(answer: httpx.Response) -> bool:
    """Whether no service answered. A gateway that has just started says 404 in plain text until it has read its
    routes; the services' own 404 is a problem document."""
    if answer.status_code == httpx.codes.NOT_FOUND:
        return str(answer.headers.get("content-type", "")).startswith("text/plain")
    return answer.status_code in _AWAY


def _checked(act: str, answer: httpx.Response) -> Json:
    if answer.is_success:
        found: Json = answer.json()
        return found
    try:
        problem = answer.json()
    except ValueError:
        problem = {"detail": answer.text[:300]}
    raise RefusedError(act, answer.status_code, problem if isinstance(problem, dict) else {})
