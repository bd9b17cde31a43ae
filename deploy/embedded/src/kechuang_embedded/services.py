"""The five services by name. Everything else about them is asked from their packages."""

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Final


@dataclass(frozen=True, slots=True)
class Service:
    """A service: `name` as in addresses and subjects, `letters` as in the ids of its files and jobs."""

    name: str
    letters: str
    owns_data: bool = True

    @property
    def package(self) -> str:
        """The Python package, and the name of its database."""
        return self.name.replace("-", "_")

    @property
    def installed(self) -> bool:
        """Whether the package offers a service that can be started (`<package>/main.py`)."""
        return find_spec(self.package) is not None and find_spec(f"{self.package}.main") is not None


REGISTRY: Final = Service("enterprise-registry", "er")
MATCHING: Final = Service("commissioner-matching", "cm")
BIDDING: Final = Service("project-bidding", "pb")
INDICATORS: Final = Service("indicators", "in")
PORTAL: Final = Service("portal", "po", owns_data=False)
SERVICES: Final = (REGISTRY, MATCHING, BIDDING, INDICATORS, PORTAL)
WITH_DATA: Final = tuple(service for service in SERVICES if service.owns_data)
