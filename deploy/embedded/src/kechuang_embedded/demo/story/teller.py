"""The story in the terminal, in Chinese and English."""

import sys
from collections import Counter
from collections.abc import Mapping
from typing import Final, TextIO

from kechuang.text import Text
from kechuang_embedded.demo.client import Act
from kechuang_embedded.demo.watching import Seen

_WHO: Final = {
    "enterprise": "企业法定代表人", "clerk": "企业经办人", "county_officer": "蓬江区经办",
    "other_county_officer": "江海区经办", "city_officer": "市科技局经办", "second_city_officer": "市科技局另一经办",
    "city_approver": "市科技局审批", "industry_department_officer": "市工信局", "finance_officer": "市财政局",
    "supervisor": "监督", "integration": "省级系统（接口）", "other_enterprise": "另一企业",
    "administrator": "系统管理",
}  # fmt: skip


class Printed:
    """Prints every step: who acts, the states, the events that followed, the indicators that moved."""

    def __init__(self, out: TextIO = sys.stdout) -> None:
        colour = out.isatty()
        self._bold, self._dim, self._plain = ("\033[1m", "\033[2m", "\033[0m") if colour else ("", "", "")
        self._out = out

    def begin(self, number: int, of: int, title: Text) -> None:
        """A heading."""
        self._line(f"\n{self._bold}[{number:2}/{of}] {title.zh} · {title.en}{self._plain}")

    def act(self, act: Act) -> None:
        """Who did what to which record: the state before and after."""
        who = f"{_WHO[act.who]} ({act.who})" if act.who in _WHO else act.who
        change = act.after or "" if act.before is None else f"{act.before} → {act.after}"
        self._line(f"   {who}: {act.verb} {act.resource} {act.label}  [{change}]")

    def note(self, text: Text) -> None:
        """Something worth knowing."""
        self._line(f"   {text.zh}")
        self._line(f"   {self._dim}{text.en}{self._plain}")

    def follows(self, events: list[Seen], moved: Mapping[str, tuple[str, str]]) -> None:
        """Events in short, and indicators before and after."""
        if events:
            counted = Counter(each.short for each in events)
            told = ", ".join(f"{name}×{n}" if n > 1 else name for name, n in counted.items())
            self._line(f"   {self._dim}事件 events:{self._plain} {told}")
        for code, (before, after) in moved.items():
            self._line(f"   {self._dim}指标 indicator:{self._plain} {code} {before} → {after}")

    def _line(self, text: str) -> None:
        print(text, file=self._out, flush=True)


class Silent:
    """Tells nobody; for tests."""

    def begin(self, number: int, of: int, title: Text) -> None:
        """Say nothing."""

    def act(self, act: Act) -> None:
        """Say nothing."""

    def note(self, text: Text) -> None:
        """Say nothing."""

    def follows(self, events: list[Seen], moved: Mapping[str, tuple[str, str]]) -> None:
        """Say nothing."""
