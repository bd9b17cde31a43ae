"""The generated secrets of one stack, in one file that only its owner can read."""

import fcntl
import json
import secrets
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kechuang_embedded.databases import Passwords
from kechuang_embedded.layout import write_atomically


class Vault:
    """Secrets by name. What is asked for and not there yet is generated and kept, so a service that is added
    later gets its own without touching the others'."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._values = self._read()

    def value(self, name: str, make: Callable[[], str] = lambda: secrets.token_urlsafe(24)) -> str:
        if name not in self._values:
            # Several processes of a stack open the vault; the first that needs a secret makes it for all.
            with self._path.with_suffix(".lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                self._values = self._read()
                if name not in self._values:
                    self._values[name] = make()
                    write_atomically(self._path, json.dumps(self._values, indent=1))
        return self._values[name]

    def _read(self) -> dict[str, str]:
        if not self._path.exists():
            return {}
        values: dict[str, str] = json.loads(self._path.read_text(encoding="utf-8"))
        return values

    def key(self, name: str) -> str:
        """32 random bytes in base64: an AES-256 key or an Ed25519 seed."""
        return self.value(name, lambda: b64encode(secrets.token_bytes(32)).decode())

    def opening_key(self, name: str) -> str:
        """An X25519 private key, raw, base64url without padding. Any 32 bytes are one (RFC 7748 section 5)."""
        return self.value(
            f"opening-key:{name}", lambda: urlsafe_b64encode(secrets.token_bytes(32)).rstrip(b"=").decode()
        )

    def passwords(self, database: str) -> Passwords:
        roles = ("owner", "writer", "reader")
        return Passwords(*(self.value(f"postgres:{database}:{role}") for role in roles))

    def broker_passwords(self, users: tuple[str, ...]) -> dict[str, str]:
        return {user: self.value(f"nats:{user}") for user in users}


def load_passwords(path: Path) -> dict[str, str]:
    """User → password of an outside broker, from a JSON file."""
    document: Any = json.loads(path.read_text(encoding="utf-8"))
    return {str(user): str(password) for user, password in document.items()}
