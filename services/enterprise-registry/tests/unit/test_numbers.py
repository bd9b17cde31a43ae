"""The numbers that officers quote: what they begin with names one resource."""

from collections import Counter

from enterprise_registry.service import SERVICE


def test_no_two_resources_number_their_records_alike() -> None:
    """ "CP-2024-000001" is one record and never two."""
    begins = Counter(
        str(each.table.c.number.computed.sqltext).split("'")[1]
        for each in SERVICE.resources
        if each.table.c.number.computed is not None
    )
    assert [each for each, count in begins.items() if count > 1] == []
    assert len(begins) > 20
