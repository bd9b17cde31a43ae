"""The rows of an import on their way through the database: staged by COPY, read by chunk, answered by set."""

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, BinaryIO, TypeVar

import orjson
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from kechuang.db.tables import import_row
from kechuang.db.unit import UnitOfWork
from kechuang.errors import FieldError, Refusal
from kechuang.spreadsheets import Column, Row, read_table
from kechuang.spreadsheets.reading import Format
from kechuang.text import Text

BATCH_ROWS = 2_000
"""Rows that are in memory at once while a file is staged."""
MOST_ERRORS = 200
"""Errors that are kept of one row: a hostile row does not fill the report."""

Reason = dict[str, str]
RowT = TypeVar("RowT")
AnswerT = TypeVar("AnswerT")


def reason(pointer: str, code: str, detail: Text) -> Reason:
    """One line of the report: where (a column), which code, and why in both languages."""
    return {"column": pointer.lstrip("/"), "code": code, "zh": detail.zh, "en": detail.en}


def reasons_of(errors: Sequence[FieldError]) -> list[Reason]:
    """The lines of the report for field errors."""
    return [reason(each.pointer, each.code, each.detail) for each in errors[:MOST_ERRORS]]


def reasons_of_refusal(refusal: Refusal) -> list[Reason]:
    """The lines of the report for a refusal: its fields, else itself."""
    return reasons_of(refusal.errors) or [reason("", refusal.code, refusal.detail)]


async def stage(uow: UnitOfWork, job: str, file: BinaryIO, form: Format, columns: Sequence[Column]) -> int:
    """Read a file lazily and COPY its rows; gives their number. Memory is that of one batch (and of a sheet).

    What is wrong with the file as a whole is raised as `errors.Invalid` or `TooLarge`, what is wrong with a row
    is kept with it.
    """
    rows = read_table(file, form, columns)
    count = 0
    # Parsing is work of the processor: it must not stop the event loop.
    while batch := await asyncio.to_thread(_batch, rows, job, count):
        await uow.copy(import_row, batch)
        count += len(batch)
    return count


def _batch(rows: Iterator[Row], job: str, first: int) -> list[dict[str, Any]]:
    return [_staged(job, number, row) for number, row in enumerate(islice(rows, BATCH_ROWS), start=first)]


def _staged(job: str, number: int, row: Row) -> dict[str, Any]:
    errors = [reason(each.column, each.code, each.reason) for each in row.errors[:MOST_ERRORS]]
    return {
        "job": job, "number": number, "line": row.line, "cells": orjson.dumps(row.values).decode(),
        "errors": orjson.dumps(errors).decode(), "outcome": "refused" if errors else None,
    }  # fmt: skip


async def staged(uow: UnitOfWork, job: str, first: int, last: int) -> list[sa.Row[Any]]:
    """The rows of a chunk, in the file's order."""
    table = import_row
    found = await uow.execute(
        sa.select(table.c.number, table.c.cells, table.c.errors)
        .where(table.c.job == job, table.c.number.between(first, last))
        .order_by(table.c.number)
    )
    return list(found)


async def in_waves(
    rows: Sequence[RowT],
    key: Callable[[RowT], Hashable],
    take: Callable[[Sequence[RowT]], Awaitable[Sequence[AnswerT]]],
) -> list[AnswerT]:
    """Take rows of different keys together, and a second row of the same key after the first was taken.

    So a key that stands twice in a file is met as if the second row came with a later file.
    """
    answers: dict[int, AnswerT] = {}
    waiting = list(enumerate(rows))
    while waiting:
        wave: dict[Hashable, tuple[int, RowT]] = {}
        later = []
        for number, row in waiting:
            if key(row) in wave:
                later.append((number, row))
            else:
                wave[key(row)] = number, row
        taken = await take([row for _, row in wave.values()])
        answers |= {number: each for (number, _), each in zip(wave.values(), taken, strict=True)}
        waiting = later
    return [answers[number] for number in range(len(rows))]


_answers = (
    sa.func.jsonb_to_recordset(sa.bindparam("answers", type_=JSONB))
    .table_valued(
        sa.column("number", sa.Integer), sa.column("outcome", sa.Text), sa.column("record_id", sa.Text),
        sa.column("errors", JSONB),
    )
    .render_derived(name="answer", with_types=True)
)  # fmt: skip
_ANSWER = (
    sa.update(import_row)
    .where(import_row.c.job == sa.bindparam("of_job"), import_row.c.number == _answers.c.number)
    .values(outcome=_answers.c.outcome, record_id=_answers.c.record_id, errors=_answers.c.errors)
)


async def answer(uow: UnitOfWork, job: str, answers: Sequence[Mapping[str, Any]]) -> None:
    """Keep what became of rows, in one statement: `number`, `outcome`, `record_id`, `errors`."""
    if answers:
        await uow.execute(_ANSWER, {"of_job": job, "answers": [dict(each) for each in answers]})
