"""Yearly figures of an enterprise that hang together: staff, revenue, R&D, profit, over several years."""

from dataclasses import dataclass
from typing import Any, Final

from kechuang_embedded.demo.synthetic.organisations import Enterprise
from kechuang_embedded.demo.synthetic.seeds import seeded

_STAFF: Final = {"micro": (5, 19), "small": (20, 99), "medium": (300, 800), "large": (1000, 3000)}
_REVENUE_A_HEAD: Final = (300_000, 900_000)  # CNY a year


@dataclass(frozen=True, slots=True)
class Year:
    """The figures of one calendar year; amounts in whole CNY."""

    year: int
    employees: int
    st_staff: int
    rd_staff: int
    revenue: int
    rd_expense: int
    hightech_income: int
    assets: int
    liabilities: int
    profit: int
    ip_class1: int
    ip_class2: int

    def common(self) -> dict[str, Any]:
        """The fields that the national form and the cities' forms share, as on the wire."""
        return {
            "employees": self.employees,
            "st_staff": self.st_staff,
            "rd_staff": self.rd_staff,
            "operating_revenue": f"{self.revenue}.00",
            "sales_revenue": f"{self.revenue}.00",
            "main_business_revenue": f"{self.revenue * 97 // 100}.00",
            "total_income": f"{self.revenue}.00",
            "hightech_income": f"{self.hightech_income}.00",
            "cost_expense": f"{self.revenue - self.profit}.00",
            "total_assets": f"{self.assets}.00",
            "total_liabilities": f"{self.liabilities}.00",
            "net_assets": f"{self.assets - self.liabilities}.00",
            "net_profit": f"{self.profit}.00",
            "rd_expense": f"{self.rd_expense}.00",
            "rd_expense_domestic": f"{self.rd_expense}.00",
            "conversions": self.ip_class2 // 2,
            "major_incident": False,
        }

    def jiangmen(self, enterprise: Enterprise) -> dict[str, Any]:
        """The answers to Jiangmen's own form, which asks the standing of the enterprise as well."""
        return self.common() | {
            "ip_class1": self.ip_class1,
            "ip_class2": self.ip_class2,
            "hnte_field": enterprise.trade.field,
            "establishment_date": enterprise.established_on.isoformat(),
            "industry_size_group": enterprise.trade.group,
            "above_scale": self.revenue >= 20_000_000,  # noqa: PLR2004  规模以上工业: 2000 万元
            "independent_legal_person": True,
            "resident_mainland": True,
            "product_allowed": True,
            "on_abnormal_list": False,
            "on_dishonest_list": False,
        }


def years_of(enterprise: Enterprise, first: int, last: int, seed: int) -> list[Year]:
    """The years from `first` to `last`, growing or shrinking by up to a quarter a year."""
    random = seeded(seed, enterprise.uscc, "facts")
    low, high = _STAFF[enterprise.scale]
    staff = random.randint(low, high)
    a_head = random.randint(*_REVENUE_A_HEAD)
    st_share, rd_share = random.uniform(0.06, 0.4), random.uniform(0.01, 0.09)
    margin, ip1, ip2 = random.uniform(-0.04, 0.18), random.randint(0, 3), random.randint(0, 14)
    found = []
    for year in range(first, last + 1):
        revenue = staff * a_head // 1000 * 1000
        assets = round(revenue * random.uniform(0.8, 1.6))
        found.append(
            Year(
                year=year,
                employees=staff,
                st_staff=max(1, round(staff * st_share)),
                rd_staff=round(staff * st_share * 0.8),
                revenue=revenue,
                rd_expense=round(revenue * rd_share),
                hightech_income=round(revenue * random.uniform(0.3, 0.95)),
                assets=assets,
                liabilities=round(assets * random.uniform(0.2, 0.6)),
                profit=round(revenue * margin),
                ip_class1=ip1,
                ip_class2=ip2,
            )
        )
        staff = max(1, round(staff * random.uniform(0.9, 1.15)))
        a_head = round(a_head * random.uniform(0.92, 1.12))
        ip2 += random.randint(0, 3)
    return found
