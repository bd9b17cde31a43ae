"""Between upload and use: a file is quarantined until a scanner has looked at it."""

from collections.abc import AsyncIterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class FileState(StrEnum):
    """`quarantined` (隔离待查) → `clean` (可用) or `refused` (已拒绝). Only clean files can be read or attached."""

    QUARANTINED = "quarantined"
    CLEAN = "clean"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a scanner says; `finding` names what it found, for the log and the uploader."""

    clean: bool
    finding: str = ""


class Scanner(Protocol):
    """Looks at the content of one file. An exception means "not known yet": the file stays quarantined."""

    async def scan(self, content: AsyncIterable[bytes]) -> Verdict:
        """Read as much as needed and judge."""


class NoScanner:
    """For deployments where uploads are scanned elsewhere: everything passes."""

    async def scan(self, content: AsyncIterable[bytes]) -> Verdict:  # noqa: ARG002 the protocol's shape
        """Let it pass unread."""
        return Verdict(clean=True)


def after_scan(verdict: Verdict) -> FileState:
    """The state that follows from quarantine."""
    return FileState.CLEAN if verdict.clean else FileState.REFUSED
