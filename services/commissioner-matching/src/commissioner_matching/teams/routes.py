"""The HTTP edge of teams."""

from pydantic import Field

from commissioner_matching.teams import use_cases
from commissioner_matching.teams.domain import Team
from commissioner_matching.teams.store import teams
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Input, Line, Prose, RecordOut, columns

_ID = "018df4c5-9c00-7c3a-a1b2-0d5c8a7e1f42"
EXAMPLE = {
    "name": "轻合金压铸特派团",
    "city": "440700",
    "programme": "enterprise_commissioner_v2",
    "leader": _ID,
    "skills": ["430.40"],
}


class TeamCreate(Input):
    """A team of commissioners in one programme."""

    name: Line
    city: Line
    division: Line | None = None
    programme: Line
    leader: Line = Field(description="Id of the commissioner who leads")
    members: list[Line] = Field(default_factory=list, max_length=50, description="Ids of commissioners")
    skills: list[Line] = Field(
        default_factory=list, max_length=50, description="Disciplines or fields covered"
    )


class TeamAddMember(Input):
    """Who joins."""

    member: Line = Field(description="Id of a commissioner")


class TeamDisband(Input):
    """Why."""

    reason: Prose


class TeamOut(RecordOut):
    """A team; the leader is first among the members."""

    name: str
    programme: str
    leader: str
    members: list[str]
    skills: list[str]


router = ResourceRouter(teams, TeamOut)


@router.create(example=EXAMPLE)
async def create(body: TeamCreate, uow: Write) -> Team:
    """Form a team; its members are active commissioners of the city."""
    return await use_cases.form(uow, columns(body))


@router.verb("add-member", bulk=False, example={"member": _ID})
async def add_member(record_id: RecordId, body: TeamAddMember, uow: Write) -> Team:
    """Add a commissioner; 409 `team_size` where an active team has as many as its programme allows."""
    return await use_cases.add_member(uow, record_id, body.member)


@router.verb("activate")
async def activate(record_id: RecordId, uow: Write) -> Team:
    """Let the team be sent; 409 `team_size` where the programme asks for more or fewer."""
    return await use_cases.activate(uow, record_id)


@router.verb("disband", example={"reason": "任务完成"})
async def disband(record_id: RecordId, body: TeamDisband, uow: Write) -> Team:
    """End the team; 409 `dispatches_open` while it serves."""
    return await use_cases.disband(uow, record_id, body.reason)
