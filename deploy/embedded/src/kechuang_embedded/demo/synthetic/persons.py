"""Persons: one file each, with works in the words of their trade."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from kechuang.codes.synthetic import synthetic_resident_id
from kechuang_embedded.demo.synthetic.cities import City
from kechuang_embedded.demo.synthetic.names import person_name
from kechuang_embedded.demo.synthetic.organisations import Institution
from kechuang_embedded.demo.synthetic.seeds import seeded
from kechuang_embedded.demo.synthetic.trades import TRADES, Trade

_KINDS: Final = ("paper", "patent", "project", "standard", "service")
_TITLES: Final = {
    "paper": "{object}{method}过程中{fault}的机理与控制",
    "patent": "一种用于{object}的{method}装置及其抑制{fault}的方法",
    "project": "面向{object}的{method}关键技术研究与示范",
    "standard": "{object}{fault}检验方法",
    "service": "为企业解决{object}{fault}问题",
}
_TEXT: Final = (
    "针对{object}生产中{fault}突出的问题，采用{method}建立工艺参数与缺陷的关系模型，在两条产线上验证，"
    "不良率由 {before}% 降到 {after}%。"
)
_TITLE_OF_JOB: Final = ("intermediate", "associate_senior", "senior")


@dataclass(frozen=True, slots=True)
class SyntheticPerson:
    """A person as the file is opened."""

    name: str
    phone: str
    id_number: str
    city: str
    division: str
    employer: Institution
    trade: Trade
    works: tuple[dict[str, Any], ...]
    education: str
    professional_title: str
    chains: tuple[str, ...]

    def file(self) -> dict[str, Any]:
        """The body of `POST /persons`."""
        method, thing = self.trade.methods[0], self.trade.objects[0]
        return {
            "name": self.name,
            "phone": self.phone,
            "id_number": self.id_number,
            "city": self.city,
            "division": self.division,
            "employer": self.employer.name,
            "organisation": self.employer.uscc,
            "education": self.education,
            "professional_title": self.professional_title,
            "disciplines": [self.trade.discipline],
            "chains": list(self.chains),
            "specialty": f"{thing}、{method}等方向的研究与企业服务",
            "achievements": list(self.works),
        }


def persons(city: City, employers: Sequence[Institution], count: int, seed: int) -> Iterator[SyntheticPerson]:
    """`count` persons who work at `employers`, spread evenly over the trades."""
    random = seeded(seed, city.key, "persons")
    numbers: set[str] = set()
    for position in range(count):
        trade = TRADES[position % len(TRADES)]
        employer = employers[random.randrange(len(employers))]
        while (number := synthetic_resident_id(random)) in numbers:
            pass
        numbers.add(number)
        chain = city.chains.get(trade.code)
        yield SyntheticPerson(
            name=person_name(random),
            phone=f"1390000{random.randrange(10_000):04d}",
            id_number=number,
            city=city.area,
            division=employer.division,
            employer=employer,
            trade=trade,
            works=tuple(_work(random, trade) for _ in range(random.randint(2, 5))),
            education=random.choices(("doctor", "master", "bachelor"), (60, 30, 10))[0],
            professional_title=random.choice(_TITLE_OF_JOB),
            chains=(chain,) if chain else (),
        )


def _work(random: Random, trade: Trade) -> dict[str, Any]:
    words = {
        "object": random.choice(trade.objects),
        "method": random.choice(trade.methods),
        "fault": random.choice(trade.faults),
    }
    kind = random.choice(_KINDS)
    before = random.randint(5, 15)
    return {
        "kind": kind,
        "title": _TITLES[kind].format(**words),
        "text": _TEXT.format(**words, before=before, after=random.randint(1, 4)),
        "year": random.randint(2015, 2023),
    }
