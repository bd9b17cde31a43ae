"""A whole stack of its own for a journey: own state home, own ports, nothing shared with a running `make up`."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


class OwnStack:
    """A stack below `home`, driven by the command line as the Makefile does it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        kept = {name: value for name, value in os.environ.items() if not name.startswith("KECHUANG_")}
        self.environment = kept | {
            "KECHUANG_STATE_HOME": str(home),
            "KECHUANG_RUN_HERE": "yes",
            "KECHUANG_CLOCK_START": "2024-03-01T08:30:00+08:00",
        }

    def command(self, *arguments: str) -> str:
        """Run a command of the stack; gives what it printed."""
        done = subprocess.run(
            [sys.executable, "-m", "kechuang_embedded", *arguments],
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def description(self) -> dict[str, Any]:
        """What `stack.json` says."""
        return json.loads((self.home / "stack.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def own_stack() -> Iterator[OwnStack]:
    """A new, running stack whose clock begins on 2024-03-01."""
    # Not below pytest's own folder: the database's uid must be able to pass.
    stack = OwnStack(Path(tempfile.mkdtemp(prefix="kechuang-journey-")))
    try:
        stack.command("up")
        yield stack
    finally:
        stack.command("reset")
        shutil.rmtree(stack.home, ignore_errors=True)
