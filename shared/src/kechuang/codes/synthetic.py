"""Valid codes of nobody, for tests and demonstrations, from a seeded `random.Random`."""

from datetime import date, timedelta
from random import Random
from typing import Final

from kechuang.codes import resident, uscc

# Subject codes given out so far begin with MA0 to MAE and digits; the series MATE has never been used.
_UNUSED_SERIES: Final = "MATE"
# A city's own code stands in nobody's number: numbers carry the code of a county or district.
_CITIES: Final = ("440700", "360400", "420800", "441700")
_EARLIEST_BIRTH: Final = date(1960, 1, 1)
_BIRTH_DAYS: Final = 40 * 365


def synthetic_uscc(random: Random, area: str = "440703", kind: str = "91") -> str:
    """A credit code with both check characters right; `kind` is characters 1 and 2, by default 企业."""
    subject = _UNUSED_SERIES + "".join(random.choices(uscc.ALPHABET, k=4))
    body = f"{kind}{area}{subject}{uscc.subject_check_character(subject)}"
    return body + uscc.check_character(body)


def synthetic_resident_id(random: Random, birth: date | None = None) -> str:
    """An identity number with a right check character, for someone born on `birth` or in 1960 to 1999."""
    born = birth or _EARLIEST_BIRTH + timedelta(days=random.randrange(_BIRTH_DAYS))
    body = f"{random.choice(_CITIES)}{born:%Y%m%d}{random.randrange(1, 1000):03d}"
    return body + resident.check_character(body)
