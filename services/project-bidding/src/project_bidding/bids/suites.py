"""Cipher suites 密码套件 of sealed bids: the algorithms a call uses, named by an id inside every envelope.

A suite is chosen by a setting when the call's key is made and never changes for that call. Key
encapsulation is HPKE (RFC 9180, base mode) as `cryptography` offers it; what follows the wrapped key is a
plain AEAD, so that an integrator needs nothing but HPKE and a GCM.

| id                       | key encapsulation                | content     | digest  |
|--------------------------|----------------------------------|-------------|---------|
| x25519-aes256gcm         | X25519                           | AES-256-GCM | SHA-256 |
| x25519-sm4gcm            | X25519                           | SM4-GCM     | SM3     |
| mlkem768x25519-aes256gcm | ML-KEM-768 + X25519 (hybrid)     | AES-256-GCM | SHA-256 |

All wrap with HKDF-SHA256 and AES-256-GCM. SM4 is GB/T 32907, SM3 is GB/T 32905; the HPKE registry knows no
SM4 and `cryptography` exposes no SM2, so the second suite wraps its 16-byte content key the common way: it is
a choice of content ciphers, not a claim of full commercial-cryptography (商密) conformity.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes, hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from project_bidding.bids.sealing_errors import NotAuthenticError, UnknownSuiteError, UnusableKeyError

RandomBytes = Callable[[int], bytes]
"""A source of secret random bytes: `secrets.token_bytes` everywhere outside tests."""

NONCE_BYTES: Final = 12
TAG_BYTES: Final = 16
_X25519_BYTES: Final = 32
_MLKEM768_SEED_BYTES: Final = 64
_MLKEM768_PUBLIC_BYTES: Final = 1184


class Kem(Protocol):
    """A key encapsulation over raw key bytes, so that keys can be split, stored and published as bytes."""

    private_bytes: int
    public_bytes: int

    def public_of(self, private: bytes) -> bytes: ...
    def wrap(self, secret: bytes, public: bytes, info: bytes) -> bytes: ...
    def unwrap(self, wrapped: bytes, private: bytes, info: bytes) -> bytes: ...


class _X25519Kem:
    private_bytes = _X25519_BYTES
    public_bytes = _X25519_BYTES
    _suite = hpke.Suite(hpke.KEM.X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)

    def public_of(self, private: bytes) -> bytes:
        return x25519.X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()

    def wrap(self, secret: bytes, public: bytes, info: bytes) -> bytes:
        return self._suite.encrypt(secret, x25519.X25519PublicKey.from_public_bytes(public), info=info)

    def unwrap(self, wrapped: bytes, private: bytes, info: bytes) -> bytes:
        return self._suite.decrypt(wrapped, x25519.X25519PrivateKey.from_private_bytes(private), info=info)


class _HybridKem:
    """ML-KEM-768 seed (64 bytes) followed by the X25519 key; public keys in the same order."""

    private_bytes = _MLKEM768_SEED_BYTES + _X25519_BYTES
    public_bytes = _MLKEM768_PUBLIC_BYTES + _X25519_BYTES
    _suite = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.AES_256_GCM)

    @staticmethod
    def _halves(private: bytes) -> tuple[mlkem.MLKEM768PrivateKey, x25519.X25519PrivateKey]:
        seed, scalar = private[:_MLKEM768_SEED_BYTES], private[_MLKEM768_SEED_BYTES:]
        return mlkem.MLKEM768PrivateKey.from_seed_bytes(seed), x25519.X25519PrivateKey.from_private_bytes(
            scalar
        )

    def public_of(self, private: bytes) -> bytes:
        lattice, curve = self._halves(private)
        return lattice.public_key().public_bytes_raw() + curve.public_key().public_bytes_raw()

    def wrap(self, secret: bytes, public: bytes, info: bytes) -> bytes:
        lattice = mlkem.MLKEM768PublicKey.from_public_bytes(public[:_MLKEM768_PUBLIC_BYTES])
        curve = x25519.X25519PublicKey.from_public_bytes(public[_MLKEM768_PUBLIC_BYTES:])
        return self._suite.encrypt(secret, hpke.MLKEM768X25519PublicKey(lattice, curve), info=info)

    def unwrap(self, wrapped: bytes, private: bytes, info: bytes) -> bytes:
        return self._suite.decrypt(wrapped, hpke.MLKEM768X25519PrivateKey(*self._halves(private)), info=info)


def _aes_seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    return AESGCM(key).encrypt(nonce, plaintext, aad)


def _aes_open(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    return AESGCM(key).decrypt(nonce, sealed, aad)


def _sm4_seal(key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce)).encryptor()
    cipher.authenticate_additional_data(aad)
    return cipher.update(plaintext) + cipher.finalize() + cipher.tag


def _sm4_open(key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
    if len(sealed) < TAG_BYTES:
        raise InvalidTag
    cipher = Cipher(algorithms.SM4(key), modes.GCM(nonce, sealed[-TAG_BYTES:])).decryptor()
    cipher.authenticate_additional_data(aad)
    return cipher.update(sealed[:-TAG_BYTES]) + cipher.finalize()


_Aead = Callable[[bytes, bytes, bytes, bytes], bytes]


@dataclass(frozen=True, slots=True)
class Suite:
    """One row of the table above; its methods turn library failures into the project's own errors."""

    id: str
    kem: Kem
    content_key_bytes: int
    digest_name: str
    _hash: type[hashes.SHA256 | hashes.SM3]
    _seal: _Aead
    _open: _Aead

    def new_private_key(self, random_bytes: RandomBytes) -> bytes:
        """Raw private key for `kem`; any random string of the right length is one."""
        return random_bytes(self.kem.private_bytes)

    def public_of(self, private: bytes) -> bytes:
        """The raw public key that belongs to `private`."""
        if len(private) != self.kem.private_bytes:
            raise UnusableKeyError(f"a private key of {self.id} has {self.kem.private_bytes} bytes")
        return self.kem.public_of(private)

    def wrap(self, secret: bytes, public: bytes, info: bytes) -> bytes:
        """HPKE single shot: `enc || ciphertext || tag`. `info` is the only place for context (no aad)."""
        if len(public) != self.kem.public_bytes:
            raise UnusableKeyError(f"a public key of {self.id} has {self.kem.public_bytes} bytes")
        try:
            return self.kem.wrap(secret, public, info)
        except ValueError as error:  # a low-order point
            raise UnusableKeyError("this public key gives no shared secret") from error

    def unwrap(self, wrapped: bytes, private: bytes, info: bytes) -> bytes:
        """The secret, or NotAuthenticError for a wrong key, a wrong `info` or a changed byte."""
        if len(private) != self.kem.private_bytes:
            raise UnusableKeyError(f"a private key of {self.id} has {self.kem.private_bytes} bytes")
        try:
            return self.kem.unwrap(wrapped, private, info)
        except (InvalidTag, ValueError) as error:
            raise NotAuthenticError("the wrapped key does not open with this key and context") from error

    def seal(self, key: bytes, nonce: bytes, plaintext: bytes, aad: bytes) -> bytes:
        """AEAD: ciphertext and 16-byte tag. `nonce` (12 bytes) must be new for `key`."""
        return self._seal(key, nonce, plaintext, aad)

    def open(self, key: bytes, nonce: bytes, sealed: bytes, aad: bytes) -> bytes:
        """The plaintext, or NotAuthenticError."""
        try:
            return self._open(key, nonce, sealed, aad)
        except (InvalidTag, ValueError) as error:
            raise NotAuthenticError("the content does not open with this key and context") from error

    def hasher(self) -> hashes.Hash:
        """An incremental hash of this suite, for streams."""
        return hashes.Hash(self._hash())

    def hash(self, *pieces: bytes) -> bytes:
        """32 bytes over the concatenated pieces (callers make the pieces prefix-free)."""
        running = self.hasher()
        for piece in pieces:
            running.update(piece)
        return running.finalize()

    def digest(self, *pieces: bytes) -> str:
        """The same, labelled with its algorithm as it travels: `sha256:…` or `sm3:…` in hexadecimal."""
        return self.label(self.hash(*pieces))

    def label(self, raw: bytes) -> str:
        """`raw` as a labelled digest of this suite."""
        return f"{self.digest_name}:{raw.hex()}"


AES_SUITE: Final = Suite("x25519-aes256gcm", _X25519Kem(), 32, "sha256", hashes.SHA256, _aes_seal, _aes_open)
SM_SUITE: Final = Suite("x25519-sm4gcm", _X25519Kem(), 16, "sm3", hashes.SM3, _sm4_seal, _sm4_open)
HYBRID_SUITE: Final = Suite(
    "mlkem768x25519-aes256gcm", _HybridKem(), 32, "sha256", hashes.SHA256, _aes_seal, _aes_open
)
SUITES: Final = {suite.id: suite for suite in (AES_SUITE, SM_SUITE, HYBRID_SUITE)}


def suite_named(suite_id: str) -> Suite:
    """The suite of that id, or UnknownSuiteError naming what is offered."""
    try:
        return SUITES[suite_id]
    except KeyError:
        raise UnknownSuiteError(f"suite {suite_id!r} is not one of {', '.join(SUITES)}") from None
