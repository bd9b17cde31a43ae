"""What a step of the story works with: the actors, the clock, what it remembers, and whom it tells."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Protocol

from kechuang.text import Text
from kechuang_embedded.demo.client import Act, Api, Caller, Json
from kechuang_embedded.demo.watching import Clock, Seen
from kechuang_embedded.principals import demonstration_principals

CITY = "440700"
COUNTY = "440703"


class Teller(Protocol):
    """Whom a story is told to."""

    def begin(self, number: int, of: int, title: Text) -> None:
        """A step begins."""

    def act(self, act: Act) -> None:
        """Somebody did something."""

    def note(self, text: Text) -> None:
        """Something worth knowing."""

    def follows(self, events: list[Seen], moved: Mapping[str, tuple[str, str]]) -> None:
        """What followed: events, and indicators with their figure before and after."""


class Scene:
    """The stage of all steps. `memory` holds ids of what earlier steps made, as plain JSON."""

    def __init__(self, api: Api, clock: Clock, teller: Teller) -> None:
        self.api = api
        self.clock = clock
        self.teller = teller
        self.memory: dict[str, Any] = {}

    # -- who -----------------------------------------------------------------------------------

    def by(self, who: str) -> Caller:
        """A demonstration principal."""
        return self.api.by(who)

    def clerk(self) -> Caller:
        """The enterprise's clerk: may do only what its signatory authorised."""
        return self.api.by(
            "clerk", organisation=uscc("enterprise"), role="enterprise_clerk", person="person-clerk"
        )

    def person(self, person: str, role: str) -> Caller:
        """A person of commissioner-matching by the id of the file."""
        return self.api.by(f"{role} {person[-6:]}", person=person, role=role)

    def unit(self, code: str) -> Caller:
        """The signatory of a sending unit."""
        return self.api.by(
            f"sending unit {code}", organisation=code, role="sending_unit enterprise_signatory"
        )

    def county(self, area: str) -> Caller:
        """An officer of a county."""
        known = {COUNTY: "county_officer", "440704": "other_county_officer"}
        if area in known:
            return self.by(known[area])
        return self.api.by(f"county_officer {area}", role="county_officer", area=area)

    # -- telling -------------------------------------------------------------------------------

    def say(self, zh: str, en: str) -> None:
        """Tell something worth knowing."""
        self.teller.note(Text(zh, en))

    @contextmanager
    def quietly(self) -> Iterator[None]:
        """Do many similar acts without telling each."""
        told, self.api.told = self.api.told, lambda _: None
        try:
            yield
        finally:
            self.api.told = told

    def attachment(self, caller: Caller, resource: str, kind: str, title: str) -> Json:
        """Upload a small document and give it as an attachment."""
        name = f"{kind}.json"
        content = json.dumps({"title": title, "synthetic": True}, ensure_ascii=False).encode()
        file = caller.upload(resource, name, content, "application/json")
        return {"file": file, "kind": kind, "title": title}


def uscc(who: str) -> str:
    """The credit code of a demonstration principal's organisation."""
    organisation = demonstration_principals()[who].organisation
    assert organisation is not None, f"{who} acts for no organisation"
    return organisation
