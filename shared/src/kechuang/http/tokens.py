"""OIDC bearer tokens: verified in every service, by the issuer's published keys.

Checks signature, algorithm (RS256, ES256, EdDSA), issuer, audience and times. Keys are fetched when an
unknown `kid` appears (rotation), at most once in a while so that forged tokens cannot make us ask. A
verified token is remembered by its digest until it expires, since verification costs more than the
rest of a read's own code.
"""

import asyncio
from collections import OrderedDict
from hashlib import blake2b
from typing import Any

import httpx
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from kechuang.access import ANONYMOUS, ROLES, Actor
from kechuang.clock import Clock
from kechuang.errors import Unauthenticated, Unavailable
from kechuang.settings import Settings
from kechuang.text import Text

ALGORITHMS = ["RS256", "ES256", "EdDSA", "Ed25519"]
LEEWAY_SECONDS = 30
_REMEMBERED = 4096
_REFETCH_SECONDS = 10


def _refused(code: str, zh: str, en: str) -> Unauthenticated:
    return Unauthenticated(Text(zh, en), code=code)


class TokenVerifier:
    """Turns an `Authorization` header into an actor."""

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched_at = float("-inf")
        self._remembered: OrderedDict[bytes, tuple[float, Actor]] = OrderedDict()
        self._fetching = asyncio.Lock()

    async def actor(self, authorization: str | None) -> Actor:
        """Verify a header's token; no header is the public."""
        if authorization is None:
            return ANONYMOUS
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise _refused("token_malformed", "请使用 Bearer 令牌。", "Use a bearer token.")
        digest = blake2b(token.encode(), digest_size=16).digest()
        # Expiry is a matter of the real clock, also while the business clock is moved.
        now = self._clock.real_now().timestamp()
        remembered = self._remembered.get(digest)
        if remembered is not None and now < remembered[0]:
            return remembered[1]
        claims = await self._claims(token, now)
        actor = _actor(claims)
        self._remembered[digest] = (float(claims["exp"]) + LEEWAY_SECONDS, actor)
        if len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
        return actor

    def trust(self, keys: KeySet) -> None:
        """Take these keys as already fetched; for tests and for offline verification."""
        self._keys = keys
        self._fetched_at = self._clock.monotonic()

    async def _claims(self, token: str, now: float) -> dict[str, Any]:
        keys = self._keys or await self._fetch()
        try:
            decoded = _decode(token, keys)
        except (JoseError, ValueError):
            # A key that we have not seen yet may have signed it.
            keys = await self._fetch()
            try:
                decoded = _decode(token, keys)
            except (JoseError, ValueError) as error:
                raise _refused("token_invalid", "令牌无效。", "The token does not verify.") from error
        claims = decoded.claims
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        if claims.get("iss") != self._settings.oidc_issuer:
            raise _refused("token_issuer", "令牌的签发者不受信任。", "The token is of another issuer.")
        if self._settings.oidc_audience not in audiences:
            raise _refused("token_audience", "令牌不是签发给本系统的。", "The token is for another audience.")
        if not isinstance(claims.get("exp"), int | float) or claims["exp"] + LEEWAY_SECONDS < now:
            raise _refused("token_expired", "令牌已过期。", "The token has expired.")
        if isinstance(claims.get("nbf"), int | float) and claims["nbf"] - LEEWAY_SECONDS > now:
            raise _refused("token_not_yet_valid", "令牌尚未生效。", "The token is not valid yet.")
        if not isinstance(claims.get("sub"), str) or not claims["sub"]:
            raise _refused("token_invalid", "令牌缺少主体。", "The token names no subject.")
        return claims

    async def _fetch(self) -> KeySet:
        async with self._fetching:
            fresh = self._clock.monotonic() - self._fetched_at < _REFETCH_SECONDS
            if self._keys is not None and fresh:
                return self._keys
            try:
                async with httpx.AsyncClient(timeout=3) as client:
                    answer = await client.get(self._settings.oidc_jwks_url)
                    answer.raise_for_status()
                    self._keys = KeySet.import_key_set(answer.json())
            except (httpx.HTTPError, ValueError, JoseError) as error:
                if self._keys is not None:
                    return self._keys
                raise Unavailable(
                    Text("身份服务暂不可用。", "The identity provider is away."), retry_after=2
                ) from error
            self._fetched_at = self._clock.monotonic()
            return self._keys


def _decode(token: str, keys: KeySet) -> jwt.Token:
    return jwt.decode(token, keys, algorithms=ALGORITHMS)


def _actor(claims: dict[str, Any]) -> Actor:
    def texts(name: str) -> list[str]:
        value = claims.get(name) or []
        return [str(each) for each in (value if isinstance(value, list) else [value])]

    def text(name: str) -> str | None:
        value = claims.get(name)
        return str(value) if value else None

    return Actor(
        subject=str(claims["sub"]),
        roles=frozenset(each for each in texts("roles") if each in ROLES and each != "public"),
        areas=tuple(sorted(texts("areas"))),
        unit=text("unit"),
        organisation=text("organisation"),
        person=text("person"),
        client=text("client_id"),
    )
