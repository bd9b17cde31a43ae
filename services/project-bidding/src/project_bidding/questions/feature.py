"""Questions about a call: table, rules and addresses.

Who asked is never shown to anybody else, not to the officers either: it would tell who means to bid. The row
keeps the asker's organisation so that the asker finds the question again; its sight for others carries no
trace of it, and history says only that it changed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from pydantic import Field

from kechuang import access
from kechuang.db.unit import ReadUnit
from kechuang.errors import Conflict, invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Input, Prose, RecordOut
from kechuang.records import Records
from kechuang.resources import Filter, Record, Resource, record_table
from kechuang.states import Machine, verb
from kechuang.text import Text
from project_bidding.calls.store import calls
from project_bidding.metadata import metadata


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Record):
    """A question; `asker` is the organisation or person that asked, known to itself alone."""

    call: str
    text: str
    asker: str
    answer: str | None
    answered_at: datetime | None


MACHINE = Machine(
    "questions",
    {"asked": Text("已提问", "Asked"), "answered": Text("已答复", "Answered")},
    "asked",
    (verb("answer", "答复", "Answer", from_="asked", to="answered", handles=True),),
)


def sight(question: Question) -> Iterable[str]:
    """The asker and the officers; everybody once it is answered."""
    yield from access.party(question.asker)
    yield from access.place(question.city)
    if question.state == "answered":
        yield from access.PUBLIC


_table = record_table(
    "question",
    metadata,
    "QA",
    sa.Column("call", sa.Text, nullable=False, index=True),
    sa.Column("text", sa.Text, nullable=False),
    sa.Column("asker", sa.Text, nullable=False),
    sa.Column("answer", sa.Text),
    sa.Column("answered_at", sa.DateTime(timezone=True)),
)
QUESTIONS: Resource[Question] = Resource(
    name="questions",
    singular="question",
    title=Text("答疑", "Question"),
    table=_table,
    record=Question,
    machine=MACHINE,
    sight=sight,
    describe=lambda question: question.text[:60],
    unlogged=frozenset({"asker"}),
    filters={"call": Filter("call", Text("榜题", "Call"))},
    emits_work_items=False,  # its sight would name the asker
    hides_actors=True,
)
questions = Records(QUESTIONS)


class QuestionAsk(Input):
    """A question about an open call."""

    call: str = Field(max_length=64)
    text: Prose


class QuestionAnswer(Input):
    """The answer, to all."""

    answer: Prose


class QuestionOut(RecordOut):
    """A question; `mine` tells the asker alone that it is his."""

    call: str
    text: str
    answer: str | None
    answered_at: datetime | None
    mine: bool


def show(question: Question, unit: ReadUnit) -> QuestionOut:
    """Never show who asked."""
    values = {name: getattr(question, name) for name in QuestionOut.model_fields if name != "mine"}
    return QuestionOut.model_validate(values | {"mine": unit.actor.organisation == question.asker})


router = ResourceRouter(questions, QuestionOut, show=show)


@router.create(
    example={"call": "018e2b6a-…", "text": "考核指标中的样件材料牌号是否可以等效替代？"}, action="ask"
)
async def ask(body: QuestionAsk, uow: Write) -> Question:
    """Ask before the question deadline (by default the closing); the asker is shown to nobody."""
    call = await calls.get(uow, body.call)
    if uow.actor.organisation is None:
        raise invalid("/call", "asker_unknown", "令牌未指明单位。", "The token names no organisation.")
    deadline = call.question_deadline or call.closes_at
    if not call.is_open(uow.now) or deadline is None or uow.now >= deadline:
        raise Conflict(Text("答疑已截止。", "Questions are closed."), code="questions_closed")
    return await questions.create(
        uow, verb="ask", call=call.id, text=body.text, asker=uow.actor.organisation, city=call.city,
        division=call.division,
    )  # fmt: skip


@router.verb("answer", example={"answer": "可以，须提供等效性证明。"})
async def answer(record_id: RecordId, body: QuestionAnswer, uow: Write) -> Question:
    """Answer to all."""
    question = await questions.load(uow, record_id, "answer")
    return await questions.change(uow, question, "answer", answer=body.answer, answered_at=uow.now)
