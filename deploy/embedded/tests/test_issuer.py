"""Tokens of the embedded issuer, as an outside client gets and a service verifies them."""

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError
from joserfc.jwk import KeySet

from kechuang.access import ROLES
from kechuang.clock import Clock
from kechuang.codes.uscc import is_uscc
from kechuang_embedded import issuer
from kechuang_embedded.issuer_keys import LONGEST_LIFE, IssuerKeys
from kechuang_embedded.principals import demonstration_principals
from kechuang_embedded.settings import StackSettings
from kechuang_embedded.tokens import DEMO_CLIENT, TokenMint

URL = "http://issuer.test"
SECRET = "secret-of-the-test"
NAMED = [
    "city_officer",
    "second_city_officer",
    "city_approver",
    "county_officer",
    "other_county_officer",
    "other_city_officer",
    "industry_department_officer",
    "finance_officer",
    "supervisor",
    "enterprise",
    "other_enterprise",
    "bidder_1",
    "bidder_2",
    "bidder_3",
    "member_1",
    "member_2",
    "member_3",
    "university",
    "commissioner",
    "expert",
    "auditor",
    "integration",
    "administrator",
    "security_administrator",
]


class MovedTime:
    def __init__(self) -> None:
        self.now = datetime(2026, 5, 6, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def time() -> MovedTime:
    return MovedTime()


@pytest.fixture
def keys(tmp_path: Path, time: MovedTime) -> IssuerKeys:
    return IssuerKeys(tmp_path / "keys.json", Clock(source=time))


@pytest.fixture
async def client(keys: IssuerKeys, time: MovedTime) -> AsyncIterator[httpx.AsyncClient]:
    mint = TokenMint(URL, keys, Clock(source=time))
    app = issuer.create_app(mint, SECRET, profile="development")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=URL) as client:
        yield client


async def token(client: httpx.AsyncClient, **form: str) -> str:
    answer = await client.post(
        "/token", data={"grant_type": "client_credentials", **form}, auth=(DEMO_CLIENT, SECRET)
    )
    assert answer.status_code == 200, answer.text
    access_token: str = answer.json()["access_token"]
    return access_token


async def verified(client: httpx.AsyncClient, access_token: str) -> jwt.Token:
    """As a service does it: discovery, then the published keys."""
    found = (await client.get("/.well-known/openid-configuration")).json()
    published = (await client.get(found["jwks_uri"])).json()
    assert all("d" not in key for key in published["keys"])
    return jwt.decode(access_token, KeySet.import_key_set(published), algorithms=["RS256"])


@pytest.mark.parametrize("name", NAMED)
async def test_every_demonstration_principal_gets_a_token_that_verifies(
    client: httpx.AsyncClient, name: str
) -> None:
    claims = (await verified(client, await token(client, principal=name))).claims
    assert claims["iss"] == URL
    assert claims["aud"] == "kechuang"
    assert claims["exp"] - claims["iat"] == 3600
    assert set(claims["roles"]) <= set(ROLES)
    assert {"sub", "jti", "client_id", "scope", "areas"} <= claims.keys()


def test_nobody_is_two_persons_and_all_codes_are_valid() -> None:
    listed = demonstration_principals()
    assert sorted(listed) == sorted(NAMED)
    persons = [each.person for each in listed.values() if each.person]
    assert len(persons) == len(set(persons)) == len(NAMED) - 1  # all but the integration
    codes = [each.organisation for each in listed.values() if each.organisation]
    assert len(codes) == len(set(codes)) == 9
    assert all(is_uscc(code) for code in codes)


async def test_anybody_else_on_demand(client: httpx.AsyncClient) -> None:
    async def claims(**form: str) -> dict:
        return (await verified(client, await token(client, **form))).claims

    code = demonstration_principals()["bidder_1"].organisation
    assert code is not None
    person = await claims(person="0197-abc")
    assert (person["sub"], person["person"], person["roles"]) == (
        "0197-abc",
        "0197-abc",
        ["commissioner", "expert"],
    )
    clerk = await claims(organisation=code, role="enterprise_clerk")
    assert (clerk["organisation"], clerk["roles"]) == (code, ["enterprise_clerk"])
    officer = await claims(role="county_officer", area="440705", unit="xinhui-science")
    assert (officer["roles"], officer["areas"], officer["unit"]) == (
        ["county_officer"],
        ["440705"],
        "xinhui-science",
    )
    other = await claims(role="county_officer", area="440781")
    assert officer["sub"] != other["sub"]
    assert (await claims(person="person-expert"))["roles"] == ["expert"]


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"principal": "mayor"},
        {"role": "city_officer"},
        {"role": "public", "area": "440700"},
        {"role": "emperor", "area": "440700"},
        {"organisation": "91440703MATE000L4P"},
        {"organisation": "91440703MATE000L4X", "role": "enterprise_clerk"},
        {"person": "two words"},
        {"role": "county_officer", "area": "440703'--"},
    ],
)
async def test_a_request_for_nobody_is_refused(client: httpx.AsyncClient, form: dict[str, str]) -> None:
    answer = await client.post(
        "/token", data={"grant_type": "client_credentials", **form}, auth=(DEMO_CLIENT, SECRET)
    )
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


async def test_a_wrong_secret_or_grant_is_refused(client: httpx.AsyncClient) -> None:
    form = {"grant_type": "client_credentials", "principal": "expert"}
    assert (await client.post("/token", data=form)).json()["error"] == "invalid_client"
    assert (await client.post("/token", data=form, auth=(DEMO_CLIENT, "guess"))).status_code == 401
    in_form = {**form, "client_id": DEMO_CLIENT, "client_secret": SECRET}
    assert (await client.post("/token", data=in_form)).status_code == 200
    other = {**in_form, "grant_type": "password"}
    assert (await client.post("/token", data=other)).json()["error"] == "unsupported_grant_type"


async def test_after_rotation_old_tokens_verify_for_their_life_and_then_their_key_goes(
    client: httpx.AsyncClient, keys: IssuerKeys, time: MovedTime
) -> None:
    old = await token(client, principal="expert", expires_in=str(LONGEST_LIFE))
    new_kid = keys.rotate()
    new = await token(client, principal="expert")
    assert (
        (await verified(client, new)).header["kid"] == new_kid != (await verified(client, old)).header["kid"]
    )
    time.now += timedelta(days=29)
    keys.rotate()
    assert (await verified(client, old)).claims["sub"] == "person-expert"
    time.now += timedelta(days=2)
    kids = {key["kid"] for key in (await client.get("/jwks")).json()["keys"]}
    with pytest.raises(InvalidKeyIdError):
        await verified(client, old)
    assert (await verified(client, new)).header["kid"] in kids
    assert len(kids) == 2


async def test_a_rotation_by_another_process_is_seen(
    keys: IssuerKeys, tmp_path: Path, client: httpx.AsyncClient
) -> None:
    before = len((await client.get("/jwks")).json()["keys"])
    kid = IssuerKeys(tmp_path / "keys.json", Clock()).rotate()
    after = (await client.get("/jwks")).json()["keys"]
    assert (len(after), after[0]["kid"]) == (before + 1, kid)


def test_the_private_keys_are_for_the_owner_only(keys: IssuerKeys, tmp_path: Path) -> None:
    stored = tmp_path / "keys.json"
    assert stored.stat().st_mode & 0o777 == 0o600
    assert json.loads(stored.read_text())[0]["key"]["kty"] == "RSA"
    assert keys.published()["keys"]


def test_no_issuer_in_production(keys: IssuerKeys) -> None:
    with pytest.raises(RuntimeError, match="production"):
        issuer.create_app(TokenMint(URL, keys, Clock()), SECRET, profile="production")
    with pytest.raises(ValueError, match="refuses the embedded issuer"):
        StackSettings(profile="production")
    with pytest.raises(ValueError, match="movable clock"):
        StackSettings(
            profile="production",
            external_issuer="https://id.example",
            external_jwks_url="https://id.example/jwks",
            clock_start="2024-03-01",
        )
