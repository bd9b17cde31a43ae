"""The HTTP edge of matches."""

from typing import Any, Literal

from pydantic import Field

from commissioner_matching.matches import use_cases
from commissioner_matching.matches.domain import StoredMatch
from commissioner_matching.matches.store import matches
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Input, Line, Output, Prose, RecordOut, columns

_SERVER = "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42"
EXAMPLE = {"need": "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f43", "limit": 10}


class MatchCreate(Input):
    """For which need, how many candidates, of which programme."""

    need: Line
    limit: int = Field(default=10, ge=1, le=50)
    programme: Line | None = Field(default=None, description="Only this programme of the city")


class MatchFeedback(Input):
    """How good a candidate really was."""

    server: Line
    verdict: Literal["fits", "partly", "does_not_fit"]
    reason: Prose | None = None


class MatchPropose(Input):
    """Which candidate to send."""

    server: Line = Field(description="Id of one of the candidates")


class MatchServer(Output):
    """Who could serve; the name is masked."""

    kind: str
    id: str
    label: str


class MatchCandidate(Output):
    """One place of the ranking; `score` in micro points, which the reasons add up to."""

    server: MatchServer
    rank: int
    score: int
    reasons: dict[str, Any]


class MatchExcluded(Output):
    """Who cannot be proposed, with every reason."""

    server: MatchServer
    reasons: list[dict[str, Any]]


class MatchOut(RecordOut):
    """A match as it was made."""

    need: str
    programme: str | None
    corpus: str
    embedder: str
    considered: int
    candidates: list[MatchCandidate]
    excluded: list[MatchExcluded]
    feedback: list[dict[str, Any]]
    proposals: list[dict[str, Any]]


router = ResourceRouter(matches, MatchOut)


@router.create(example=EXAMPLE)
async def create(body: MatchCreate, uow: Write) -> StoredMatch:
    """Rank the city's commissioners for a need, with reasons, and keep the answer."""
    return await use_cases.make_match(uow, body.need, body.limit, body.programme)


@router.verb("feedback", bulk=False, example={"server": _SERVER, "verdict": "fits"})
async def feedback(record_id: RecordId, body: MatchFeedback, uow: Write) -> StoredMatch:
    """Note how good a candidate was."""
    return await use_cases.give_feedback(uow, record_id, columns(body))


@router.verb("propose", bulk=False, example={"server": _SERVER})
async def propose(record_id: RecordId, body: MatchPropose, uow: Write) -> StoredMatch:
    """Propose a dispatch of one of the candidates; `proposals` names it."""
    return await use_cases.propose_from(uow, record_id, body.server)
