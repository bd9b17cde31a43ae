"""The four named cities: counties, zones and chains as their policy packs state them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class City:
    """A city to play in. `counties` is area id → (name, share of the city's organisations, per mille);
    `zones` is zone → the county it lies in; `chains` is trade (see `trades.py`) → chain code of the pack."""

    key: str
    area: str
    name: str
    english: str
    counties: Mapping[str, tuple[str, int]]
    zones: Mapping[str, str] = field(default_factory=lambda: _NONE)
    chains: Mapping[str, str] = field(default_factory=lambda: _NONE)
    programme: str = ""
    """The commissioner programme that its persons enrol in."""
    annual_form: str = "enterprise_annual"


JIANGMEN = City(
    "jiangmen", "440700", "江门", "Jiangmen",
    {
        "440703": ("蓬江", 240), "440704": ("江海", 190), "440705": ("新会", 220), "440781": ("台山", 90),
        "440783": ("开平", 100), "440784": ("鹤山", 120), "440785": ("恩平", 40),
    },
    zones={"jiangmen-hnz": "440704"},
    chains={
        "castings": "metal_products", "welding": "high_end_equipment", "battery": "new_energy_battery",
        "electronics": "electronics", "appliances": "home_appliances", "rail": "rail_transit",
        "machines": "high_end_equipment", "polymers": "new_materials", "medicine": "biomedicine",
        "food": "modern_agriculture",
    },
    programme="doctor_commissioner", annual_form="annual_filing",
)  # fmt: skip
JIUJIANG = City(
    "jiujiang", "360400", "九江", "Jiujiang",
    {
        "360402": ("濂溪", 150), "360403": ("浔阳", 120), "360404": ("柴桑", 140), "360423": ("武宁", 70),
        "360424": ("修水", 60), "360425": ("永修", 110), "360426": ("德安", 80), "360428": ("都昌", 50),
        "360429": ("湖口", 90), "360430": ("彭泽", 60), "360481": ("瑞昌", 70), "360482": ("共青城", 60),
        "360483": ("庐山", 40),
    },
    chains={
        "polymers": "petrochemical", "castings": "nonferrous", "electronics": "electronics",
        "battery": "new_energy", "machines": "equipment", "software": "ai", "medicine": "life_health",
        "food": "food",
    },
    programme="tech_vice_president",
)  # fmt: skip
JINGMEN = City(
    "jingmen", "420800", "荆门", "Jingmen",
    {
        "420802": ("东宝", 240), "420804": ("掇刀", 330), "420822": ("沙洋", 110), "420881": ("钟祥", 190),
        "420882": ("京山", 130),
    },
    zones={"jingmen-hnz": "420804"},
    chains={
        "polymers": "petrochemical", "battery": "battery", "machines": "equipment", "rail": "equipment",
        "food": "agriculture",
    },
    programme="guiding_expert",
)  # fmt: skip
YANGJIANG = City(
    "yangjiang", "441700", "阳江", "Yangjiang",
    {"441702": ("江城", 420), "441704": ("阳东", 260), "441721": ("阳西", 140), "441781": ("阳春", 180)},
    zones={"yangjiang-hnz": "441702"},
    programme="enterprise_commissioner",
)  # fmt: skip

CITIES = (JIANGMEN, JIUJIANG, JINGMEN, YANGJIANG)
"""All four; the story plays in the first."""
