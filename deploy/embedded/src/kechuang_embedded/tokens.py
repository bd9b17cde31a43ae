"""Access tokens of the embedded issuer."""

from typing import Final

from kechuang.clock import Clock
from kechuang.ids import new_id
from kechuang_embedded.issuer_keys import LONGEST_LIFE, IssuerKeys
from kechuang_embedded.principals import Principal

AUDIENCE: Final = "kechuang"
SCOPE: Final = "kechuang"
DEMO_CLIENT: Final = "kechuang-demo"
"""The one client of the embedded issuer; it may ask for a token of anybody."""
DEFAULT_LIFE: Final = 3600


class TokenMint:
    """Signs what it is told; who may ask is the caller's affair."""

    def __init__(self, issuer: str, keys: IssuerKeys, clock: Clock) -> None:
        self.issuer = issuer
        self.keys = keys
        self._clock = clock

    def token(self, principal: Principal, client: str, life: int = DEFAULT_LIFE) -> str:
        """A token for `life` seconds (at most 30 days) of the real clock."""
        now = int(self._clock.real_now().timestamp())
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + min(life, LONGEST_LIFE),
            "jti": new_id(),
            "client_id": principal.client or client,
            "scope": SCOPE,
            **principal.claims(),
        }
        return self.keys.sign(claims)
