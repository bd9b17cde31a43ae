"""The end: the quarter's progress, each figure with where it comes from."""

from kechuang_embedded.demo.figures import PACK
from kechuang_embedded.demo.scene import CITY, Scene
from kechuang_embedded.demo.story.contract import QUARTER_ENDS

_SHOWN = (
    "organisations_registered", "filings_verified", "tech_micro_stock", "hnte_stock", "needs_filed",
    "needs_resolved", "persons_dispatched", "calls_published", "awards_decided", "contracts_accepted",
    "fiscal_money_released",
)  # fmt: skip
PERIOD = "2024-Q2"


def ends(scene: Scene) -> None:
    """The second quarter is over: its figures, and for each the events behind it."""
    scene.clock.advance_to(QUARTER_ENDS)
    officer = scene.by("city_officer")
    keys = ",".join(f"{PACK}.{code}" for code in _SHOWN)
    quarter = {}
    for each in officer.find("progress", area=CITY, indicator=keys, period=PERIOD):
        code = each["indicator"].removeprefix(f"{PACK}.")
        quarter[code] = each["value"]
        source = officer.get(f"indicators/{each['indicator']}/provenance", area=CITY, period=PERIOD, limit=1)
        last = source["items"][0] if source["items"] else None
        behind = f"{last['kind']} {last['record'][-12:]}" if last else "—"
        scene.say(
            f"  {each['name']['zh']}：{each['value']} {each['unit_zh']}，出处 {source['facts_counted']} 条，如 {behind}",
            f"  {each['name']['en']}: {each['value']}, from {source['facts_counted']} facts, e.g. {behind}",
        )
    scene.memory["quarter"] = quarter
