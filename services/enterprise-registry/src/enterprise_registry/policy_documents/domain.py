"""A policy document: its states, its validity, what an action that rests on it should know."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "drafted": Text("草拟", "Drafted"),
    "published": Text("有效", "Published"),
    "superseded": Text("已修订", "Superseded by a revision"),
    "repealed": Text("已废止", "Repealed"),
    "expired": Text("已失效", "Expired"),
    "discarded": Text("未发布", "Discarded"),
}
KINDS = {
    "normative": Text("规范性文件", "Normative document"),
    "plan": Text("方案、计划", "Plan"),
    "measures": Text("办法、细则", "Measures"),
    "notice": Text("通知", "Notice"),
    "other": Text("其他", "Other"),
}
EXPIRING = timedelta(days=180)


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDocument(Record):
    """A document. `origin` is `<pack>/<id>` for one that a policy pack states. `ended_on` is its last day of
    force, once it is over; `supersedes` the document that this one revises."""

    origin: str | None
    kind: str
    title: str
    title_en: str | None
    document_no: str | None
    issuer: Sequence[str]
    issued_on: date | None
    valid_from: date | None
    valid_to: date | None
    ended_on: date | None
    supersedes: str | None
    text: str | None
    reason: str | None


def _has_first_day(document: PolicyDocument) -> Iterable[Reason]:
    # A pack states what its source says, which may be no day at all.
    if document.valid_from is None and document.origin is None:
        yield Reason("valid_from_missing", Text("请填写施行日期。", "State the day from which it is valid."))


MACHINE = Machine(
    "policy-documents",
    STATES,
    "drafted",
    (
        verb("update", "修改", "Update", from_="drafted", handles=True),
        verb("publish", "发布", "Publish", from_="drafted", to="published", decides=True, not_by_handler=True,
             guards=(_has_first_day,)),
        verb("discard", "放弃", "Discard", from_="drafted", to="discarded"),
        verb("revise", "修订", "Revise", from_=("published", "expired")),
        verb("extend", "延长有效期", "Extend its validity", from_="published", decides=True),
        verb("repeal", "废止", "Repeal", from_="published", to="repealed", decides=True),
        verb("supersede", "被修订", "Be superseded", from_=("published", "expired"), to="superseded",
             automatic=True),
        verb("expire", "失效", "Expire", from_="published", to="expired", automatic=True),
        verb("restate", "更新", "Be restated by its pack", from_=("published", "expired"), automatic=True),
    ),
    awaits=(Awaits("drafted", "publish"),),
)  # fmt: skip


def sight(document: PolicyDocument) -> Iterable[str]:
    """Officers of the city; everybody, once it was published."""
    yield from access.place(document.city)
    if document.state not in ("drafted", "discarded"):
        yield from access.PUBLIC


def in_force(document: PolicyDocument, day: date) -> bool:
    """Tell whether it is in force on a day."""
    return (
        document.state not in ("drafted", "discarded")
        and (document.valid_from is None or document.valid_from <= day)
        and (document.valid_to is None or day <= document.valid_to)
        and (document.ended_on is None or day <= document.ended_on)
    )


def is_expiring(document: PolicyDocument, day: date) -> bool:
    """Tell whether it is in force and ends within 180 days: time to assess and revise it."""
    return in_force(document, day) and document.valid_to is not None and document.valid_to - day <= EXPIRING


def warning(document: PolicyDocument, day: date) -> dict[str, str] | None:
    """Say what an action on this day should know of a document that it rests on; None when it is in force."""
    if in_force(document, day):
        return None
    name = f"《{document.title}》" + (f"（{document.document_no}）" if document.document_no else "")
    english = document.title_en or document.title
    if document.valid_from is not None and day < document.valid_from:
        return {
            "code": "basis_not_yet_in_force",
            "detail_zh": f"所依据的{name}自 {document.valid_from} 起施行。",
            "detail_en": f"“{english}”, on which this rests, is in force from {document.valid_from} only.",
        }
    ended = document.ended_on or document.valid_to
    state = STATES[document.state if document.state != "published" else "expired"]
    return {
        "code": f"basis_{document.state if document.state != 'published' else 'expired'}",
        "detail_zh": f"所依据的{name}{state.zh}（有效期至 {ended}），请确认是否有新的依据。",
        "detail_en": f"“{english}”, on which this rests, is no longer in force (until {ended}; {state.en.lower()}).",
    }
