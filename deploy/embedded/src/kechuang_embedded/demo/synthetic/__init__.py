"""Synthetic cities from a seed: the same seed gives the same organisations, persons and figures.

Nobody in them exists. Names of organisations and persons carry 示 (as in 示例, example) behind the place or the
surname, credit codes come from a series that was never given out, telephone numbers from none in use.
"""

from kechuang_embedded.demo.synthetic.cities import CITIES, City
from kechuang_embedded.demo.synthetic.facts import Year, years_of
from kechuang_embedded.demo.synthetic.organisations import Enterprise, Institution, enterprises, institutions
from kechuang_embedded.demo.synthetic.persons import SyntheticPerson, persons

__all__ = [
    "CITIES",
    "City",
    "Enterprise",
    "Institution",
    "SyntheticPerson",
    "Year",
    "enterprises",
    "institutions",
    "persons",
    "years_of",
]
