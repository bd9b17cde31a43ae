"""Counting by hand, from the lists of the services that own the records: what every indicator must agree with."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Final

from kechuang_embedded.demo.client import Caller, Json
from kechuang_embedded.demo.scene import CITY

_RUNGS: Final = ("tech_micro", "tech_sme", "hnte")


def _organisations(officer: Caller) -> str:
    verified = officer.find("organisations", state="active,suspended,deregistered")
    return str(sum(1 for each in verified if each["registered_on"]))


def _filings(officer: Caller) -> str:
    found = officer.find("filings", state="verified,superseded")
    return str(sum(1 for each in found if not each["statistical"]))


def _holding(*kinds: str) -> Callable[[Caller], str]:
    """How many organisations hold one of the kinds today."""

    def count(officer: Caller) -> str:
        held: set[str] = set()
        for kind in kinds:
            held |= {each["organisation"] for each in officer.find("recognitions", kind=kind, state="valid")
                     if each["city"] == CITY}  # fmt: skip
        return str(len(held))

    return count


def _needs_filed(officer: Caller) -> str:
    return str(sum(1 for each in officer.find("technical-needs") if each["submitted_on"]))


def _needs_confirmed(officer: Caller) -> str:
    return str(len(officer.find("technical-needs", state="confirmed")))


def _dispatches(officer: Caller) -> list[Json]:
    """Those that began."""
    return [each for each in officer.find("dispatches") if each["valid_from"]]


def _active(officer: Caller) -> str:
    return str(sum(1 for each in _dispatches(officer) if each["state"] == "active"))


def _persons(officer: Caller) -> str:
    return str(len({person for each in _dispatches(officer) for person in each["persons"]}))


def _person_times(officer: Caller) -> str:
    return str(sum(len(each["persons"]) for each in _dispatches(officer)))


def _calls(officer: Caller) -> str:
    return str(sum(1 for each in officer.find("calls") if each["published_on"] and each["city"] == CITY))


def _awards(officer: Caller) -> str:
    return str(len(officer.find("bids", state="winning")))


def _contracts(officer: Caller) -> list[Json]:
    return [each for each in officer.find("contracts") if each["kind"] == "task_book"]


def _signed(officer: Caller) -> str:
    return str(sum(1 for each in _contracts(officer) if each["signed_on"]))


def _accepted(officer: Caller) -> str:
    return str(sum(1 for each in _contracts(officer) if each["outcome"] == "accepted"))


def _fiscal_money(officer: Caller) -> str:
    released = (Decimal(each["released"]) for each in officer.find("tranches") if each["fiscal"])
    return f"{sum(released, Decimal(0)).normalize():f}"


RECOUNTS: Final[Mapping[str, Callable[[Caller], str]]] = {
    "organisations_registered": _organisations,
    "filings_verified": _filings,
    "tech_micro_stock": _holding("tech_micro"),
    "tech_sme_stock": _holding("tech_sme"),
    "hnte_stock": _holding("hnte"),
    "innovation_entities_promoted": _holding(*_RUNGS),
    "needs_filed": _needs_filed,
    "needs_resolved": _needs_confirmed,
    "technical_problems_solved": _needs_confirmed,
    "dispatches_active": _active,
    "persons_dispatched": _persons,
    "commissioners_dispatched": _persons,
    "person_times_dispatched": _person_times,
    "calls_published": _calls,
    "awards_decided": _awards,
    "contracts_signed": _signed,
    "contracts_accepted": _accepted,
    "fiscal_money_released": _fiscal_money,
}
"""Indicator of Jiangmen's pack → its count, as an officer of the city can do it with the public lists."""
