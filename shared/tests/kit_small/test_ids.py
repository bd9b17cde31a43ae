import threading
import uuid

import pytest

from kechuang import ids


def test_record_ids_are_version_7_and_increase() -> None:
    made = [ids.new_id() for _ in range(5000)]
    assert made == sorted(set(made))
    parsed = [uuid.UUID(text) for text in made]
    assert {(one.version, one.variant) for one in parsed} == {(7, uuid.RFC_4122)}
    assert [str(one) for one in parsed] == made


def test_record_ids_increase_when_the_clock_jumps_back(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([1_800_000_000_000, 1_700_000_000_000, 1_700_000_000_000])
    monkeypatch.setattr(ids, "real_milliseconds", lambda: next(times))
    maker = ids._Version7()
    made = [maker.next() for _ in range(3)]
    assert made == sorted(made)
    assert {number >> 80 for number in made} == {1_800_000_000_000}


def test_a_full_counter_borrows_from_the_next_millisecond(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ids, "real_milliseconds", lambda: 1_700_000_000_000)
    maker = ids._Version7()
    first = maker.next()
    maker._counter = ids._COUNTER_END - 1
    second = maker.next()
    assert second > first
    assert second >> 80 == 1_700_000_000_001


def test_threads_never_share_an_id() -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend(ids.new_id() for _ in range(500))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 2000


def test_a_deterministic_id_depends_on_every_part_and_its_boundaries() -> None:
    assert ids.deterministic_id("notice", "江门", "1") == ids.deterministic_id("notice", "江门", "1")
    assert ids.deterministic_id("notice", "a", "bc") != ids.deterministic_id("notice", "ab", "c")
    assert ids.deterministic_id("notice", "1") != ids.deterministic_id("award", "1")


def test_a_random_number_does_not_count() -> None:
    numbers = {ids.random_number("TB") for _ in range(100)}
    assert len(numbers) == 100
    assert all(number.startswith("TB-") and len(number) == 13 for number in numbers)
