"""What bidders and opening officers do on their own machines: seal a bid, unwrap a share.

The private parts never reach the platform before two officers have acted. An integrator may copy this file.
"""

import base64
from typing import Any

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kechuang_embedded.demo.client import Json
from project_bidding.bids.call_keys import CallKey, WrappedShare, unwrap_share
from project_bidding.bids.envelope import canonical_json
from project_bidding.bids.sealing import seal_bid


def _raw(private: str) -> bytes:
    """An officer's private key as `stack.json` holds it: base64url without padding."""
    return base64.urlsafe_b64decode(private + "=" * (-len(private) % 4))


def public_key(private: str) -> str:
    """The public half of an officer's X25519 key, in base64: what the platform is told."""
    key = X25519PrivateKey.from_private_bytes(_raw(private)).public_key()
    return base64.b64encode(key.public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()


def envelopes(key: Json, bidder: str, version: int, technical: Any, budget: Any) -> dict[str, str]:
    """Seal both parts under a call's public key (answer of `GET /calls/{id}/sealing-key`), in base64."""
    sealed = seal_bid(
        base64.b64decode(key["public_key"]),
        suite_id=key["suite"],
        call=key["call"],
        bidder=bidder,
        version=version,
        technical=canonical_json(technical),
        budget=canonical_json(budget),
    )
    return {part: base64.b64encode(raw).decode() for part, raw in sealed.parts.items()}


def open_share(key: Json, mine: Json, private: str) -> str:
    """Decrypt the own share (answer of `GET /calls/{id}/opening-shares/mine`), checked against its digest."""
    share = WrappedShare(mine["officer"], mine["index"], base64.b64decode(mine["wrapped"]), mine["digest"])
    call_key = CallKey(
        key["call"], "bid", key["suite"], key["threshold"], base64.b64decode(key["public_key"]), (share,)
    )
    opened = unwrap_share(call_key, mine["officer"], _raw(private))
    return base64.b64encode(opened.to_bytes()).decode()
