"""企业规模: the golden cases and the edges of the table."""

from __future__ import annotations

import pytest

from .companies import WAN, base
from .conftest import Compile


@pytest.mark.parametrize(
    ("group", "staff", "revenue_wan", "assets_wan", "size"),
    [
        ("software", 103, 15735, None, "medium"),
        ("industry", 350, 1500, None, "small"),
        ("industry", 15, 500, None, "micro"),
        ("industry", 1000, 40000, None, "large"),
        ("industry", 999, 40000, None, "medium"),
        ("industry", 300, 2000, None, "medium"),
        ("industry", 299, 2000, None, "small"),
        ("industry", 20, 300, None, "small"),
        ("industry", 20, 299, None, "micro"),
        ("construction", None, 6000, 4999, "small"),
        ("agriculture", None, 50, None, "small"),
        ("other", 300, None, None, "large"),
    ],
)
def test_size_class(
    rules: Compile, group: str, staff: int, revenue_wan: int | None, assets_wan: int | None, size: str
) -> None:
    facts: dict[str, object] = {"industry_size_group": group}
    amounts = (
        ("employees", staff),
        ("operating_revenue", revenue_wan and revenue_wan * WAN),
        ("total_assets", assets_wan and assets_wan * WAN),
    )
    facts |= {name: value for name, value in amounts if value is not None}
    assert base(rules("srdi-2026"), facts).lookup("size_class", 1) == size
