"""What waits for whom, and the messages of everybody."""

from datetime import timedelta
from typing import Any

from kechuang.ids import new_id
from kechuang.testing import ServiceHarness
from kechuang.work_items import WorkItemClosed, WorkItemOpened, closed_in, opened_in
from kechuang_procedure.messages import MessageSent, sent_by

MATCHING = "commissioner-matching"


def opened(harness: ServiceHarness, record: str, verb: str = "accept", **more: Any) -> WorkItemOpened:
    values: dict[str, Any] = {
        "origin": MATCHING, "resource": "technical-needs", "record": record, "number": "TN-2024-000001",
        "verb": verb, "label": "焊接变形控制", "verb_label_zh": "受理", "verb_label_en": "Accept",
        "sight": ["owner:X", "place:440700", "place:440703"], "city": "440700", "due_on": None,
        "opened_at": harness.database.clock.now(), **more,
    }  # fmt: skip
    return opened_in(MATCHING)(**values)


def closed(record: str, verb: str = "accept") -> WorkItemClosed:
    return closed_in(MATCHING)(
        origin=MATCHING, resource="technical-needs", record=record, number="TN-2024-000001", verb=verb
    )


async def waiting(harness: ServiceHarness, record: str, **claims: Any) -> list[dict[str, Any]]:
    caller = harness.client(**(claims or {"roles": ["county_officer"], "areas": ["440703"]}))
    page = await caller.read("work-items", limit=200)
    return [each for each in page["items"] if each["record"] == record]


async def test_a_need_waits_for_its_countys_officer_alone(quiet: ServiceHarness) -> None:
    record = new_id()
    await quiet.deliver(opened(quiet, record), aggregate=record, version=2)
    (item,) = await waiting(quiet, record)
    assert (item["verb"], item["href"], item["overdue"]) == (
        "accept",
        f"/api/v1/technical-needs/{record}",
        False,
    )
    assert await waiting(quiet, record, roles=["county_officer"], areas=["440704"]) == []
    # An enterprise sees its need and may not accept it.
    assert await waiting(quiet, record, roles=["enterprise_signatory"], organisation="X") == []
    assert await waiting(quiet, record, roles=["administrator"]) == []


async def test_a_closing_may_arrive_before_its_opening(quiet: ServiceHarness) -> None:
    record = new_id()
    await quiet.deliver(closed(record), aggregate=record, version=3)
    await quiet.deliver(opened(quiet, record), aggregate=record, version=2)
    assert await waiting(quiet, record) == []


async def test_what_is_awaited_again_waits_again_in_any_order(quiet: ServiceHarness) -> None:
    steps = [("o", 2), ("c", 3), ("o", 5)]
    for order in ((0, 1, 2), (2, 1, 0), (1, 2, 0), (2, 0, 1)):
        record = new_id()
        for kind, version in (steps[each] for each in order):
            event = opened(quiet, record) if kind == "o" else closed(record)
            await quiet.deliver(event, aggregate=record, version=version)
        assert len(await waiting(quiet, record)) == 1, order


async def test_one_change_that_closes_and_opens_the_same_leaves_it_open(quiet: ServiceHarness) -> None:
    record = new_id()
    await quiet.deliver(opened(quiet, record), aggregate=record, version=4)
    await quiet.deliver(closed(record), aggregate=record, version=4)
    assert len(await waiting(quiet, record)) == 1


async def test_items_come_by_due_date_page_by_page_and_overdue_is_marked(quiet: ServiceHarness) -> None:
    today = quiet.database.clock.today()
    due = {new_id(): today + timedelta(days=days) for days in (3, -1, 1)} | {new_id(): None}
    for record, on in due.items():
        await quiet.deliver(opened(quiet, record, due_on=on), aggregate=record, version=2)
    officer = quiet.client(roles=["county_officer"], areas=["440703"])
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = await officer.read("work-items", limit=2, **({"cursor": cursor} if cursor else {}))
        found += page["items"]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    dates = [(each["due_on"], each["overdue"]) for each in found]
    assert dates == [
        (str(today - timedelta(days=1)), True),
        (str(today + timedelta(days=1)), False),
        (str(today + timedelta(days=3)), False),
        (None, False),
    ]
    late = await officer.read("work-items", overdue="true")
    assert [each["overdue"] for each in late["items"]] == [True]


def message(harness: ServiceHarness, *recipients: str) -> MessageSent:
    return sent_by(MATCHING)(
        origin=MATCHING, template="need_accepted", recipients=list(recipients), subject_zh="需求已受理",
        subject_en="Need accepted", body_zh="您的需求 TN-2024-000001 已受理。",
        body_en="Your need TN-2024-000001 was accepted.", resource="technical-needs", record="r",
        number="TN-2024-000001", city="440700", sent_at=harness.database.clock.now(),
    )  # fmt: skip


async def test_a_message_reaches_its_recipients_and_is_acknowledged_by_each_for_themself(
    quiet: ServiceHarness,
) -> None:
    event_id = new_id()
    for _ in range(2):  # a repeat is no second message
        await quiet.deliver(message(quiet, "owner:U1"), aggregate="r", event_id=event_id)
    clerk = quiet.client(roles=["enterprise_clerk"], organisation="U1", person="p1")
    signatory = quiet.client(roles=["enterprise_signatory"], organisation="U1", person="p2")
    other = quiet.client(roles=["enterprise_clerk"], organisation="U2", person="p3")
    assert [each["id"] for each in (await clerk.read("messages"))["items"]] == [event_id]
    assert (await other.read("messages"))["items"] == []
    assert (await other.post(f"messages/{event_id}/acknowledge")).status_code == 404
    first = (await clerk.post(f"messages/{event_id}/acknowledge")).json()
    again = (await clerk.post(f"messages/{event_id}/acknowledge")).json()
    assert first["acknowledged_at"] == again["acknowledged_at"] is not None
    assert (await clerk.read("messages", unread="true"))["items"] == []
    assert len((await signatory.read("messages", unread="true"))["items"]) == 1


async def test_work_items_and_messages_need_a_token(indicators: ServiceHarness) -> None:
    for address in ("work-items", "messages"):
        assert (await indicators.client().get(address)).status_code == 401
