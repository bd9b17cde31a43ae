"""The table that a run prints, and the page in docs that keeps it."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

from kechuang.clock import Clock

_START = "<!-- results: the newest run first -->"


@dataclass(frozen=True, slots=True)
class Figure:
    """One line: what was measured, our figure, the limit of the same run, and the goal for their ratio."""

    name: str
    ours: str
    limit: str
    ratio: str
    goal: str
    met: bool | None


def table(figures: list[Figure]) -> str:
    """Render a Markdown table."""
    head = "| what | ours | limit in the same run | ratio | goal | met |\n|---|---|---|---|---|---|\n"
    marks = {True: "yes", False: "**no**", None: "–"}
    return head + "".join(
        f"| {each.name} | {each.ours} | {each.limit} | {each.ratio} | {each.goal} | {marks[each.met]} |\n"
        for each in figures
    )


def machine() -> str:
    """Name the machine without saying whose it is."""
    return f"{os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python {platform.python_version()}"


def keep(path: Path, figures: list[Figure]) -> None:
    """Add the run to the page, above the earlier ones."""
    text = path.read_text(encoding="utf-8")
    entry = f"{_START}\n\n### {Clock().real_now().date()} · {machine()}\n\n{table(figures)}"
    path.write_text(text.replace(_START, entry, 1), encoding="utf-8")
