"""Enterprises and institutions of a city."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from functools import partial
from typing import Any, Final

from kechuang.codes.synthetic import synthetic_uscc
from kechuang_embedded.demo.synthetic import names
from kechuang_embedded.demo.synthetic.cities import City
from kechuang_embedded.demo.synthetic.seeds import seeded
from kechuang_embedded.demo.synthetic.trades import TRADES, Trade

_FIRST_DAY: Final = date(1998, 1, 1)
_DAYS: Final = 9100  # to the end of 2022: everybody of the synthetic city has stood for a year
_SCALES: Final = (("micro", 42), ("small", 44), ("medium", 11), ("large", 3))
_IN_ZONE: Final = 0.35


@dataclass(frozen=True, slots=True)
class Enterprise:
    """An enterprise as it registers."""

    uscc: str
    name: str
    city: str
    division: str
    zones: tuple[str, ...]
    trade: Trade
    scale: str
    chains: tuple[str, ...]
    established_on: date
    legal_representative: str

    def registration(self) -> dict[str, Any]:
        """The body of `POST /organisations`."""
        return {
            "uscc": self.uscc,
            "name": self.name,
            "kind": "enterprise",
            "division": self.division,
            "zones": list(self.zones),
            "industry": self.trade.industry,
            "scale": self.scale,
            "chains": list(self.chains),
            "established_on": self.established_on.isoformat(),
            "legal_representative": self.legal_representative,
            "facts": {
                "industry_size_group": self.trade.group,
                "hnte_field": self.trade.field,
                "independent_legal_person": True,
                "resident_mainland": True,
                "product_allowed": True,
            },
        }


@dataclass(frozen=True, slots=True)
class Institution:
    """A university or institute: an employer of persons."""

    uscc: str
    name: str
    kind: str
    city: str
    division: str

    def registration(self) -> dict[str, Any]:
        """The body of `POST /organisations`."""
        return {"uscc": self.uscc, "name": self.name, "kind": self.kind, "division": self.division}


def enterprises(city: City, count: int, seed: int) -> Iterator[Enterprise]:
    """`count` different enterprises, spread over counties and trades as the city's shares say."""
    random = seeded(seed, city.key, "enterprises")
    taken: set[str] = set()
    divisions = list(city.counties)
    shares = [share for _, share in city.counties.values()]
    weights = [each.weight for each in TRADES]
    for _ in range(count):
        division = random.choices(divisions, shares)[0]
        trade = random.choices(TRADES, weights)[0]
        place = city.name if random.random() < 0.6 else city.name + city.counties[division][0]  # noqa: PLR2004  a share
        zones = tuple(
            zone for zone, county in city.zones.items() if county == division and random.random() < _IN_ZONE
        )
        chain = city.chains.get(trade.code)
        yield Enterprise(
            uscc=_new(taken, partial(synthetic_uscc, random, division)),
            name=_new(taken, partial(names.enterprise_name, random, place, trade)),
            city=city.area,
            division=division,
            zones=zones,
            trade=trade,
            scale=random.choices([each for each, _ in _SCALES], [weight for _, weight in _SCALES])[0],
            chains=(chain,) if chain and random.random() < 0.7 else (),  # noqa: PLR2004  a share
            established_on=_FIRST_DAY + timedelta(days=random.randrange(_DAYS)),
            legal_representative=names.person_name(random),
        )


def institutions(city: City, count: int, seed: int) -> Iterator[Institution]:
    """`count` universities and institutes; every third is an institute."""
    random = seeded(seed, city.key, "institutions")
    taken: set[str] = set()
    for number in range(count):
        division = random.choice(list(city.counties))
        institute = number % 3 == 2  # noqa: PLR2004
        make = names.institute_name if institute else names.university_name
        yield Institution(
            uscc=_new(taken, partial(synthetic_uscc, random, division, "12")),
            name=_new(taken, partial(make, random, city.name)),
            kind="research_institute" if institute else "university",
            city=city.area,
            division=division,
        )


def _new(taken: set[str], make: Callable[[], str]) -> str:
    """Make until it is none of those taken. Two enterprises under one code or name would be one."""
    while (made := make()) in taken:
        pass
    taken.add(made)
    return made
