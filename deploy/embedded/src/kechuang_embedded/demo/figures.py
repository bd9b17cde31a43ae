"""The city's figures as indicators shows them, and beside them what a recount gives."""

from kechuang_embedded.demo.client import Api, Json
from kechuang_embedded.demo.recount import RECOUNTS
from kechuang_embedded.demo.scene import CITY, Scene

PACK = "jiangmen-2023"


class Figures:
    """Reads `GET /progress` for the story's indicators."""

    def __init__(self, api: Api) -> None:
        self._officer = api.by("city_officer")

    def all(self) -> dict[str, str]:
        """Indicator → figure of the whole city as of now."""
        return {
            str(each["indicator"]).removeprefix(f"{PACK}."): str(each["value"])
            for each in self.rows()
            if each["value"] is not None
        }

    def rows(self) -> list[Json]:
        """The progress of every indicator of the city."""
        return self._officer.find("progress", area=CITY)

    def beside_recount(self, scene: Scene) -> dict[str, tuple[str, str]]:
        """Indicator → (figure, recount) for everything that the story can count by hand."""
        figures = self.all()
        officer = scene.by("city_officer")
        return {code: (figures.get(code, "0"), count(officer)) for code, count in RECOUNTS.items()}
