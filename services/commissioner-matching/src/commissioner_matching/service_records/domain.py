"""A service record (服务记录): logged by who serves, confirmed or disputed by the host."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from kechuang import access
from kechuang.resources import Record
from kechuang.states import Awaits, Machine, verb
from kechuang.text import Text

STATES = {
    "logged": Text("已登记", "Logged"),
    "confirmed": Text("接收单位已确认", "Confirmed by the host"),
    "disputed": Text("有异议", "Disputed"),
    "settled": Text("已裁定", "Settled"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRecord(Record):
    """One service. `minutes` is what was logged, `counted_minutes` what counts after confirmation.

    `late` marks a record that came after the programme's days for logging.
    """

    dispatch: str
    need: str | None
    persons: Sequence[str]
    sending_unit: str | None
    on: date
    minutes: int
    counted_minutes: int | None
    place: str
    content: str
    evidence: Sequence[str]
    late: bool
    dispute: str | None

    @property
    def hours(self) -> float:
        """Hours as logged."""
        return self.minutes / 60

    @property
    def counted_hours(self) -> float | None:
        """Hours that count."""
        return None if self.counted_minutes is None else self.counted_minutes / 60


MACHINE = Machine(
    "service-records",
    STATES,
    "logged",
    (
        verb("update", "修改", "Update", from_="logged"),
        verb("confirm", "确认", "Confirm", from_="logged", to="confirmed", authority="submit"),
        verb("dispute", "提出异议", "Dispute", from_="logged", to="disputed", authority="submit"),
        verb("settle", "裁定", "Settle", from_="disputed", to="settled", decides=True),
    ),
    awaits=(Awaits("logged", "confirm", days=10), Awaits("disputed", "settle", days=10)),
)


def sight(record: ServiceRecord) -> Iterable[str]:
    """The host, who served, the sending unit, and the officers of the place."""
    yield from access.owner(record.organisation)
    yield from access.party(record.sending_unit)
    yield from access.person(*record.persons)
    yield from access.place(record.city, record.division, *record.zones)
