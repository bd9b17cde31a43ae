"""What can go wrong with sealed things. The web edge turns `code` into a problem page; none of these carries secrets."""

from typing import ClassVar


class SealingError(Exception):
    """The common ancestor; `code` is stable and appears in problem addresses."""

    code: ClassVar[str] = "sealing-error"


class UnknownSuiteError(SealingError):
    """The envelope names a suite that this deployment does not offer."""

    code = "unknown-suite"


class UnusableKeyError(SealingError):
    """A public or private key has the wrong length or is a point that gives no secret."""

    code = "unusable-key"


class NotAuthenticError(SealingError):
    """Wrong key, wrong context, or a changed byte: which one cannot be told, by construction."""

    code = "not-authentic"


class MalformedError(SealingError):
    """The bytes are not what the format says, before any cryptography."""

    code = "malformed-envelope"


class TruncatedError(SealingError):
    """A file ends before its last chunk."""

    code = "truncated-file"


class WrongShareError(SealingError):
    """A share handed in does not have the digest published for its officer."""

    code = "wrong-share"

    def __init__(self, officer: str, index: int) -> None:
        super().__init__(f"share {index} handed in by officer {officer} does not match its published digest")
        self.officer = officer
        self.index = index


class NotEnoughSharesError(SealingError):
    """Fewer different shares than the threshold."""

    code = "not-enough-shares"

    def __init__(self, given: int, needed: int) -> None:
        super().__init__(f"{given} different shares given, {needed} needed")
        self.given = given
        self.needed = needed


class DraftKeyDestroyedError(SealingError):
    """The draft's key was destroyed when its bid was sealed; nobody can read it any more."""

    code = "draft-key-destroyed"
