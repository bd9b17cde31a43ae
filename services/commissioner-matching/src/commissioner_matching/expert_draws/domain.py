"""The states of a draw (专家抽取) and who sees what of it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from commissioner_matching.expert_draws.seating import Candidate, DrawRules, Stratum, Withdrawal
from commissioner_matching.expert_draws.sequence import Commitment, FrozenDraw, PublicValue, Reveal
from kechuang import access
from kechuang.access import Actor
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, Reason, verb
from kechuang.text import Text

STATES = {
    "requested": Text("已申请", "Requested"),
    "committed": Text("已承诺随机数", "Committed to secrets"),
    "frozen": Text("名单已冻结", "Pool frozen"),
    "drawn": Text("已抽取", "Drawn"),
    "confirmed": Text("已确认", "Confirmed"),
    "published": Text("已公布", "Published"),
    "cancelled": Text("已终止", "Stopped"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpertDraw(Record):
    """A draw. `people` maps the draw's pseudonyms to `{expert, person, label}` and never leaves the service.

    `run_by` are the subjects who run the matter: they do not draw. `protocol` is the whole record as
    `sequence.record` gives it, by pseudonyms alone; `seats` who sits now, `{seat, stratum, candidate}`.
    """

    purpose: str
    source: str
    call: str | None
    call_number: str | None
    strata: Sequence[Mapping[str, Any]]
    disciplines: Sequence[str]
    recused_organisations: Sequence[str]
    recused_persons: Sequence[str]
    per_employer: int
    run_by: Sequence[str]
    commitments: Sequence[Mapping[str, Any]]
    pool: Sequence[Mapping[str, Any]]
    people: Mapping[str, Mapping[str, str]]
    pool_digest: str | None
    frozen_at: datetime | None
    public_value: Mapping[str, Any] | None
    reveals: Sequence[Mapping[str, Any]]
    withdrawals: Sequence[Mapping[str, Any]]
    protocol: Mapping[str, Any] | None
    seats: Sequence[Mapping[str, Any]]
    seated_persons: Sequence[str]
    confirmed_on: date | None
    published_on: date | None

    @property
    def officers(self) -> list[str]:
        """The two who draw."""
        return [each["officer"] for each in self.commitments]


def _all_places_are_filled(draw: ExpertDraw) -> Iterable[Reason]:
    if draw.protocol and draw.protocol["unfilled"]:
        kinds = "、".join(draw.protocol["unfilled"])
        yield Reason(
            "places_unfilled",
            Text(
                f"名单不足，空缺：{kinds}；请终止本次抽取，补充专家后重新抽取。",
                f"Places are left: {kinds}; stop this draw and draw again from a larger pool.",
            ),
        )


MACHINE = Machine(
    "expert-draws",
    STATES,
    "requested",
    (
        verb("commit", "提交承诺", "Commit to a secret", from_="requested"),
        verb("freeze", "冻结名单", "Freeze the pool", from_="committed", to="frozen", decides=True),
        verb("reveal", "公开随机数", "Reveal the secret", from_="frozen"),
        verb("replace", "替换", "Replace an expert", from_=("drawn", "confirmed")),
        verb("confirm", "确认", "Confirm the panel", from_="drawn", to="confirmed", decides=True,
             guards=(_all_places_are_filled,)),
        verb("publish", "公布", "Publish the record", from_="confirmed", to="published", decides=True),
        verb("cancel", "终止", "Stop the draw", from_=("requested", "committed", "frozen", "drawn"),
             to="cancelled", decides=True),
    ),
    awaits=(
        Awaits("requested", "commit", days=2),
        Awaits("committed", "freeze", days=2),
        Awaits("frozen", "reveal", days=2),
        Awaits("drawn", "confirm", days=2),
    ),
)  # fmt: skip


def sight(draw: ExpertDraw) -> Iterable[str]:
    """The officers of the city; those drawn once the panel is confirmed; everybody once published."""
    yield from access.place(draw.city)
    if draw.state in ("confirmed", "published"):
        yield from access.person(*draw.seated_persons)
    if draw.state == "published":
        yield from access.PUBLIC


def is_drawing(draw: ExpertDraw, actor: Actor) -> bool:
    """Tell whether the actor is one of the two who draw."""
    return actor.subject in draw.officers


def shown_seats(draw: ExpertDraw, actor: Actor) -> list[dict[str, Any]]:
    """Give the seats that the actor may see: all to the two officers, one's own to who is drawn."""
    found = []
    for each in draw.seats:
        person = draw.people[each["candidate"]]
        mine = draw.state in ("confirmed", "published") and person["person"] == actor.person
        if is_drawing(draw, actor) or mine:
            found.append({**each, **person})
    return found


def rules_of(draw: ExpertDraw) -> DrawRules:
    """Give the rules as they are published with the pool."""
    strata = tuple(Stratum(each["kind"], each["seats"]) for each in draw.strata)
    return DrawRules(strata, draw.per_employer or None)


def frozen_of(draw: ExpertDraw) -> FrozenDraw:
    """Give the frozen pool as the sequence reads it."""
    if draw.frozen_at is None or draw.pool_digest is None:
        raise ValueError("the pool is not frozen")
    pool = tuple(
        Candidate(each["id"], each["employer"], tuple(each["kinds"]), each["recusal"]) for each in draw.pool
    )
    return FrozenDraw(
        draw.id, rules_of(draw), pool, draw.pool_digest, tuple(commitments_of(draw)), draw.frozen_at
    )


def commitments_of(draw: ExpertDraw) -> list[Commitment]:
    """Give the commitments in the order of officers."""
    found = [
        Commitment(each["officer"], each["digest"], datetime.fromisoformat(each["committed_at"]))
        for each in draw.commitments
    ]
    return sorted(found, key=lambda each: each.officer)


def reveals_of(draw: ExpertDraw) -> list[Reveal]:
    """Give what was revealed so far."""
    return [
        Reveal(each["officer"], each["secret"], datetime.fromisoformat(each["revealed_at"]))
        for each in draw.reveals
    ]


def public_value_of(draw: ExpertDraw) -> PublicValue:
    """Give the public value."""
    if draw.public_value is None:
        raise ValueError("no public value was noted")
    value = draw.public_value["value"]
    return PublicValue(
        draw.public_value["source"],
        tuple(value) if isinstance(value, list) else value,
        datetime.fromisoformat(draw.public_value["published_at"]),
    )


def withdrawals_of(draw: ExpertDraw) -> list[Withdrawal]:
    """Give the withdrawals in order."""
    return [
        Withdrawal(each["candidate"], each["kind"], each["reason"], datetime.fromisoformat(each["at"]))
        for each in draw.withdrawals
    ]
