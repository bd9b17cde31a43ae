"""Envelope encryption of personal fields (个人信息保护法 art. 51: encryption; art. 47: deletion).

Each person has one data key for each group of fields (for example `contact`, `identity`, `bank`). A data
key encrypts the fields (AES-256-GCM) and is itself encrypted by a master key that lies outside the
database. Destroying the data key makes its fields unreadable wherever copies of them lie, and a new master
key costs one rewrite of short rows. Look-ups go by a keyed hash, which tells nothing without its key.

Layout of both kinds of ciphertext: version (1 byte, 1) · length of the key's id (1 byte) · the key's id
(ASCII) · nonce (12 bytes) · ciphertext with tag. Everything before the nonce is authenticated, and so is
what the value belongs to, so that a ciphertext moved to another person, group or field does not open.
"""

import hashlib
import hmac
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from kechuang.ids import random_bytes
from kechuang.personal.secret import Secret

_VERSION: Final = 1
_KEY_SIZE: Final = 32
_NONCE_SIZE: Final = 12
_LONGEST_KEY_ID: Final = 64


class UnreadableError(ValueError):
    """A ciphertext is damaged, belongs elsewhere, or was made with a key that is not at hand."""


class KeyDestroyedError(UnreadableError):
    """The data key was destroyed on purpose: the fields are gone for good."""


class KeyOwner(NamedTuple):
    """Whom a data key belongs to: a person's id and a group of fields."""

    person: str
    group: str


@dataclass(frozen=True, slots=True)
class MasterKeys:
    """The master keys by id, which of them wraps new data keys, and the key of the look-up index.

    Keys have 32 bytes and come from the settings or a key service, never from the database. An old master
    key stays in `keys` until nothing is wrapped with it any more; the index key is never rotated alone,
    since that means computing every index value anew.
    """

    current: str
    keys: Mapping[str, bytes] = field(repr=False)
    index_key: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if self.current not in self.keys:
            raise ValueError("the current master key is not among the keys")
        if any(len(key) != _KEY_SIZE for key in (*self.keys.values(), self.index_key)):
            raise ValueError(f"a master key has {_KEY_SIZE} bytes")
        if any(not 1 <= len(key) <= _LONGEST_KEY_ID or not key.isascii() for key in self.keys):
            raise ValueError(f"the id of a master key has 1 to {_LONGEST_KEY_ID} ASCII characters")

    @classmethod
    def from_secrets(cls, current: bytes, former: Sequence[bytes] = ()) -> "MasterKeys":
        """Keys derived (HKDF-SHA256) from one configured secret of 32 bytes, and former ones after a rotation.

        `former` is ordered from the newest to the oldest. The index key comes from the oldest secret, which
        therefore stays configured after a rotation; dropping it means building the look-up indexes anew.
        """
        secrets = (current, *former)
        if any(len(secret) != _KEY_SIZE for secret in secrets):
            raise ValueError(f"the secret of a master key has {_KEY_SIZE} bytes")
        return cls(
            current=_fingerprint(current),
            keys={_fingerprint(secret): _derive(secret, b"wrap data keys") for secret in secrets},
            index_key=_derive(secrets[-1], b"index personal values"),
        )


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A data key as the database keeps it. `material` is None once it is destroyed; the row stays as proof."""

    owner: KeyOwner
    material: bytes | None


class KeyStore(Protocol):
    """Where wrapped keys are kept: one row an owner."""

    async def load(self, owners: Collection[KeyOwner]) -> Mapping[KeyOwner, WrappedKey]:
        """The keys of these owners, in one query; owners without a key are left out."""

    async def add(self, key: WrappedKey) -> WrappedKey:
        """Keep a new key and give it back, or the one that a concurrent writer has added for the owner."""

    async def destroy(self, owners: Collection[KeyOwner]) -> None:
        """Clear the material of these owners' keys; a second time changes nothing."""

    async def wrapped_otherwise(self, header: bytes, limit: int) -> list[WrappedKey]:
        """Up to `limit` keys whose material is there and does not begin with `header`."""

    async def replace(self, keys: Collection[WrappedKey]) -> None:
        """Overwrite the wrapping of these keys unless they were destroyed meanwhile."""


def _derive(secret: bytes, purpose: bytes) -> bytes:
    return HKDF(hashes.SHA256(), _KEY_SIZE, salt=None, info=b"kechuang: " + purpose).derive(secret)


def _seal(key: bytes, key_id: str, plain: bytes, context: bytes) -> bytes:
    header = _header(key_id)
    nonce = random_bytes(_NONCE_SIZE)
    return header + nonce + AESGCM(key).encrypt(nonce, plain, header + context)


def _header(key_id: str) -> bytes:
    return bytes((_VERSION, len(key_id))) + key_id.encode("ascii")


def _key_id(sealed: bytes) -> str:
    if len(sealed) < 2 or sealed[0] != _VERSION or len(sealed) < 2 + sealed[1] + _NONCE_SIZE:  # noqa: PLR2004 header
        raise UnreadableError("the ciphertext has an unknown form")
    try:
        return sealed[2 : 2 + sealed[1]].decode("ascii")
    except UnicodeDecodeError:
        raise UnreadableError("the ciphertext has an unknown form") from None


def _open(key: bytes, sealed: bytes, context: bytes) -> bytes:
    start = 2 + sealed[1]
    nonce, body = sealed[start : start + _NONCE_SIZE], sealed[start + _NONCE_SIZE :]
    try:
        return AESGCM(key).decrypt(nonce, body, sealed[:start] + context)
    except InvalidTag:
        raise UnreadableError("the ciphertext is damaged or belongs elsewhere") from None


def _context(*parts: str) -> bytes:
    # Lengths before the parts, so that no two lists of parts give the same bytes.
    return b"".join(len(part := text.encode()).to_bytes(4) + part for text in parts)


def _fingerprint(key: bytes) -> str:
    # Names a key without telling anything about it: a hash of 256 random bits.
    return hashlib.sha256(b"kechuang key id" + key).hexdigest()[:16]


class DataKey:
    """An opened data key: encrypts and decrypts the fields of one owner. Keep it for one request only."""

    __slots__ = ("_key", "id", "owner")

    def __init__(self, owner: KeyOwner, key: bytes) -> None:
        self.id, self.owner, self._key = _fingerprint(key), owner, key

    def __repr__(self) -> str:
        return f"DataKey({self.id})"

    def encrypt(self, name: str, value: Secret) -> bytes:
        """The field `name` encrypted; two calls give different bytes."""
        return _seal(self._key, self.id, value.reveal().encode(), _context("field", *self.owner, name))

    def decrypt(self, name: str, sealed: bytes) -> Secret:
        """The field `name` again; UnreadableError when this is not its ciphertext."""
        if _key_id(sealed) != self.id:
            raise UnreadableError("the field was encrypted with another data key")
        return Secret(_open(self._key, sealed, _context("field", *self.owner, name)).decode())


class PersonalVault:
    """Makes, opens and rewraps data keys, and encrypts fields over a key store."""

    def __init__(self, master: MasterKeys) -> None:
        self._master = master

    def new_key(self, owner: KeyOwner) -> WrappedKey:
        """A fresh data key, wrapped by the current master key."""
        return self._wrap(owner, random_bytes(_KEY_SIZE))

    def open_key(self, wrapped: WrappedKey) -> DataKey:
        """The data key in the clear; KeyDestroyedError when it was destroyed."""
        return DataKey(wrapped.owner, self._unwrap(wrapped))

    def rewrap(self, wrapped: WrappedKey) -> WrappedKey:
        """The same data key under the current master key; fields need no change."""
        return self._wrap(wrapped.owner, self._unwrap(wrapped))

    def index(self, kind: str, value: Secret) -> bytes:
        """32 bytes by which a row with this value can be found: HMAC-SHA256 over kind and value.

        `kind` ("phone", "resident_id") keeps indexes of different fields from being compared. The value
        has to be in its normal form, as the types of `personal.secret` give it.
        """
        return hmac.digest(self._master.index_key, _context("index", kind, value.reveal()), hashlib.sha256)

    async def encrypt(
        self, store: KeyStore, owner: KeyOwner, fields: Mapping[str, Secret]
    ) -> dict[str, bytes]:
        """These fields of one owner encrypted; the first time a data key is made."""
        wrapped = (await store.load([owner])).get(owner)
        if wrapped is None:
            wrapped = await store.add(self.new_key(owner))
        key = self.open_key(wrapped)
        return {name: key.encrypt(name, value) for name, value in fields.items()}

    async def decrypt(
        self, store: KeyStore, rows: Mapping[KeyOwner, Mapping[str, bytes]]
    ) -> dict[KeyOwner, dict[str, Secret] | None]:
        """Fields of many owners with one query; None for an owner whose key was destroyed."""
        wrapped = await store.load(rows.keys())
        opened: dict[KeyOwner, dict[str, Secret] | None] = {}
        for owner, fields in rows.items():
            if owner not in wrapped:
                raise UnreadableError(f"there is no data key for {owner.group} of {owner.person}")
            if wrapped[owner].material is None:
                opened[owner] = None
                continue
            key = self.open_key(wrapped[owner])
            opened[owner] = {name: key.decrypt(name, sealed) for name, sealed in fields.items()}
        return opened

    async def rotate(self, store: KeyStore, batch: int = 500) -> int:
        """Rewrap one batch of keys that an old master key wraps; how many there were. Repeat until 0."""
        outdated = await store.wrapped_otherwise(_header(self._master.current), batch)
        await store.replace([self.rewrap(wrapped) for wrapped in outdated])
        return len(outdated)

    def _wrap(self, owner: KeyOwner, key: bytes) -> WrappedKey:
        current = self._master.current
        return WrappedKey(
            owner, _seal(self._master.keys[current], current, key, _context("data-key", *owner))
        )

    def _unwrap(self, wrapped: WrappedKey) -> bytes:
        if wrapped.material is None:
            raise KeyDestroyedError("the data key was destroyed")
        master = self._master.keys.get(_key_id(wrapped.material))
        if master is None:
            raise UnreadableError("the master key that wraps this data key is not configured")
        return _open(master, wrapped.material, _context("data-key", *wrapped.owner))
