"""Opening keys: table, rules and addresses. Small enough for one file."""

import base64
import binascii

import sqlalchemy as sa
from pydantic import Field

from kechuang.db.unit import UnitOfWork
from kechuang.errors import Conflict, invalid
from kechuang.http.resource import RecordId, ResourceRouter
from kechuang.http.route import Write
from kechuang.http.schemas import Because, Input, RecordOut
from kechuang.records import Records
from kechuang.resources import Filter, Resource, record_table
from kechuang.text import Text
from project_bidding.bids.sealing_errors import SealingError
from project_bidding.bids.suites import suite_named
from project_bidding.locks import take_turns
from project_bidding.metadata import metadata
from project_bidding.opening_keys.domain import MACHINE, OpeningKey, officer_of, sight

DEFAULT_SUITE = "x25519-aes256gcm"

_table = record_table(
    "opening_key",
    metadata,
    "OK",
    sa.Column("officer", sa.Text, nullable=False),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("public_key", sa.Text, nullable=False),
    sa.Index(
        "opening_key_active",
        "officer",
        "suite",
        unique=True,
        postgresql_where=sa.text("state = 'active'"),
    ),
)

OPENING_KEYS: Resource[OpeningKey] = Resource(
    name="opening-keys",
    singular="opening_key",
    title=Text("开榜密钥", "Opening key"),
    table=_table,
    record=OpeningKey,
    machine=MACHINE,
    sight=sight,
    describe=lambda key: key.officer,
    filters={"officer": Filter("officer", Text("开榜人", "Officer"))},
)
keys = Records(OPENING_KEYS)


class OpeningKeyCreate(Input):
    """The public half of a key pair that the officer made himself."""

    public_key: str = Field(description="Raw public key of the suite in base64 (X25519: 32 bytes)")
    suite: str = Field(default=DEFAULT_SUITE, max_length=60)
    city: str | None = Field(default=None, max_length=80, description="By default the officer's first area")


class OpeningKeyOut(RecordOut):
    """An officer's public key."""

    officer: str
    suite: str
    public_key: str


async def register(uow: UnitOfWork, body: OpeningKeyCreate) -> OpeningKey:
    """Register the caller's public key; one active key a suite."""
    try:
        suite = suite_named(body.suite)
        raw = base64.b64decode(body.public_key, validate=True)
        suite.wrap(b"probe", raw, b"probe")  # a point that gives no secret is refused now, not at publication
    except (binascii.Error, ValueError, SealingError):
        raise invalid(
            "/public_key", "key_unusable", "公钥不可用，请检查算法套件与长度。", "This public key is not usable with the suite."
        ) from None  # fmt: skip
    officer = officer_of(uow.actor)
    await take_turns(uow, "opening-key", officer)
    if await keys.lookup(uow, officer=officer, suite=body.suite, state="active"):
        raise Conflict(
            Text("您已登记有效公钥，请先停用。", "You have an active key already; retire it first."),
            code="key_exists",
        )
    city = body.city or (uow.actor.areas[0] if uow.actor.areas else None)
    return await keys.create(uow, officer=officer, suite=body.suite, public_key=body.public_key, city=city)


async def public_keys(
    uow: UnitOfWork, city: str | None, suite: str, officers: list[str] | None
) -> dict[str, bytes]:
    """Give officer → raw public key: of those named, or of all who have an active key in the city."""
    found = await keys.lookup(uow, city=city, suite=suite, state="active")
    held = {each.officer: base64.b64decode(each.public_key) for each in found}
    if officers is None:
        return held
    if missing := sorted(set(officers) - held.keys()):
        raise invalid(
            "/opening_officers", "opening_key_missing",
            f"以下开榜人未登记公钥：{'、'.join(missing)}。",
            f"These officers have registered no opening key: {', '.join(missing)}.",
        )  # fmt: skip
    return {each: held[each] for each in officers}


router = ResourceRouter(keys, OpeningKeyOut)


@router.create(example={"public_key": "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08="})
async def create(body: OpeningKeyCreate, uow: Write) -> OpeningKey:
    """An officer registers his public key; the private key never reaches this service."""
    return await register(uow, body)


@router.verb("retire", example=Because.example)
async def retire(record_id: RecordId, body: Because, uow: Write) -> OpeningKey:
    """Retire a key: calls published before keep their shares, new calls do not use it."""
    key = await keys.load(uow, record_id, "retire")
    uow.reason = body.reason
    return await keys.change(uow, key, "retire")
