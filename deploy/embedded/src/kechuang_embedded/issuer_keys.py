"""Keys of the embedded issuer: RS256, since of the permitted algorithms it is the cheapest to verify."""

import json
from pathlib import Path
from typing import Any, Final

from joserfc import jwt
from joserfc.jwk import RSAKey

from kechuang.clock import Clock
from kechuang_embedded.layout import write_atomically

ALGORITHM: Final = "RS256"
LONGEST_LIFE: Final = 30 * 86_400
"""Seconds that a token may live, and that a key which signs no more stays published."""


class IssuerKeys:
    """The signing key and those that it replaced, in a file (mode 0600). Other processes of the stack may rotate
    them: the file is read again when it has changed."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self._path = path
        self._clock = clock
        self._read_at = -1
        self._entries: list[dict[str, Any]] = []
        self._signing: RSAKey | None = None
        if not path.exists():
            self.rotate()

    def rotate(self) -> str:
        """Begin to sign with a new key; the old ones stay published for the life of their tokens. Gives the kid."""
        now = int(self._clock.real_now().timestamp())
        kept = [
            entry
            for entry in self._load()
            if entry["retired_at"] + LONGEST_LIFE > now or not entry["retired_at"]
        ]
        for entry in kept:
            entry["retired_at"] = entry["retired_at"] or now
        key = RSAKey.generate_key(2048, {"use": "sig", "alg": ALGORITHM}, private=True)
        key.ensure_kid()
        entries = [{"key": key.as_dict(private=True), "retired_at": 0}, *kept]
        write_atomically(self._path, json.dumps(entries, indent=1))
        return str(key.kid)

    def published(self) -> dict[str, Any]:
        """The JWKS document."""
        now = int(self._clock.real_now().timestamp())
        return {
            "keys": [
                RSAKey.import_key(entry["key"]).as_dict(private=False)
                for entry in self._load()
                if not entry["retired_at"] or entry["retired_at"] + LONGEST_LIFE > now
            ]
        }

    def sign(self, claims: dict[str, Any]) -> str:
        current = self._load()[0]["key"]
        if self._signing is None or self._signing.kid != current["kid"]:
            self._signing = RSAKey.import_key(current)
        return jwt.encode(
            {"alg": ALGORITHM, "typ": "at+jwt", "kid": self._signing.kid}, claims, self._signing
        )

    def _load(self) -> list[dict[str, Any]]:
        if not self._path.exists():
            return []
        changed = self._path.stat().st_mtime_ns
        if changed != self._read_at:
            self._entries = json.loads(self._path.read_text(encoding="utf-8"))
            self._read_at = changed
        return self._entries
