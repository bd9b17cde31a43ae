import json
import pickle
from collections.abc import Collection, Mapping
from dataclasses import replace
from random import Random

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ValidationError
from pydantic_core import PydanticSerializationError

from kechuang import personal
from kechuang.codes.synthetic import synthetic_resident_id
from kechuang.personal import KeyOwner, MasterKeys, PersonalVault, Secret, UnreadableError, WrappedKey

CONTACT = KeyOwner("p-1", "contact")
KEY_2023, KEY_2024, INDEX_KEY = bytes(32), bytes([1] * 32), bytes([2] * 32)
PHONE = Secret("13800005678")


def vault(current: str = "2024", **keys: bytes) -> PersonalVault:
    return PersonalVault(MasterKeys(current, keys or {"2023": KEY_2023, "2024": KEY_2024}, INDEX_KEY))


class Keys:
    """A key store in memory with the semantics that the table has."""

    def __init__(self) -> None:
        self.rows: dict[KeyOwner, WrappedKey] = {}

    async def load(self, owners: Collection[KeyOwner]) -> Mapping[KeyOwner, WrappedKey]:
        return {owner: self.rows[owner] for owner in owners if owner in self.rows}

    async def add(self, key: WrappedKey) -> WrappedKey:
        return self.rows.setdefault(key.owner, key)

    async def destroy(self, owners: Collection[KeyOwner]) -> None:
        for owner in owners:
            self.rows[owner] = replace(self.rows[owner], material=None)

    async def wrapped_otherwise(self, header: bytes, limit: int) -> list[WrappedKey]:
        rows = self.rows.values()
        return [key for key in rows if key.material and not key.material.startswith(header)][:limit]

    async def replace(self, keys: Collection[WrappedKey]) -> None:
        self.rows.update({key.owner: key for key in keys})


@given(st.text(max_size=200))
def test_a_field_comes_back_as_it_was(text: str) -> None:
    key = vault().open_key(vault().new_key(CONTACT))
    assert key.decrypt("phone", key.encrypt("phone", Secret(text))).reveal() == text


def test_the_same_value_never_gives_the_same_ciphertext() -> None:
    key = vault().open_key(vault().new_key(CONTACT))
    assert key.encrypt("phone", PHONE) != key.encrypt("phone", PHONE)
    assert b"13800005678" not in key.encrypt("phone", PHONE)


def test_a_ciphertext_opens_only_where_it_belongs() -> None:
    wrapped = vault().new_key(CONTACT)
    key = vault().open_key(wrapped)
    sealed = key.encrypt("phone", PHONE)
    stolen = personal.DataKey(KeyOwner("p-2", "contact"), key._key)
    for reader, name, data in [
        (key, "email", sealed),
        (stolen, "phone", sealed),
        (key, "phone", sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (key, "phone", sealed[:20]),
        (key, "phone", b""),
        (vault().open_key(vault().new_key(CONTACT)), "phone", sealed),
    ]:
        with pytest.raises(UnreadableError):
            reader.decrypt(name, data)
    with pytest.raises(UnreadableError):
        vault().open_key(replace(wrapped, owner=KeyOwner("p-2", "contact")))


async def test_fields_of_many_people_need_one_look_into_the_store() -> None:
    keys, owners = Keys(), [KeyOwner(f"p-{number}", "contact") for number in range(3)]
    rows = {owner: await vault().encrypt(keys, owner, {"phone": PHONE}) for owner in owners}
    again = await vault().encrypt(keys, owners[0], {"email": Secret("a@example.cn")})
    rows[owners[0]] |= again
    opened = await vault().decrypt(keys, rows)
    assert opened[owners[0]] == {"phone": PHONE, "email": Secret("a@example.cn")}
    assert opened[owners[2]] == {"phone": PHONE}


async def test_destroying_a_key_makes_one_group_of_one_person_unreadable() -> None:
    keys, bank = Keys(), KeyOwner("p-1", "bank")
    contact_row = await vault().encrypt(keys, CONTACT, {"phone": PHONE})
    bank_row = await vault().encrypt(keys, bank, {"account": Secret("62220000000000001")})
    await keys.destroy([CONTACT])
    opened = await vault().decrypt(keys, {CONTACT: contact_row, bank: bank_row})
    assert opened[CONTACT] is None
    assert opened[bank] == {"account": Secret("62220000000000001")}
    with pytest.raises(personal.KeyDestroyedError):
        await vault().encrypt(keys, CONTACT, {"phone": PHONE})
    with pytest.raises(UnreadableError, match="no data key"):
        await vault().decrypt(keys, {KeyOwner("p-9", "contact"): contact_row})


async def test_after_a_rotation_the_old_master_key_is_no_longer_needed() -> None:
    keys = Keys()
    row = await vault("2023").encrypt(keys, CONTACT, {"phone": PHONE})
    await vault("2023").encrypt(keys, KeyOwner("p-2", "contact"), {"phone": PHONE})
    both = vault("2024")
    assert [await both.rotate(keys, batch=1) for _ in range(3)] == [1, 1, 0]
    only_new = vault("2024", **{"2024": KEY_2024})
    assert await only_new.decrypt(keys, {CONTACT: row}) == {CONTACT: {"phone": PHONE}}
    with pytest.raises(UnreadableError, match="not configured"):
        vault("2023", **{"2023": KEY_2023}).open_key(keys.rows[CONTACT])


async def test_one_configured_secret_is_enough_and_can_be_replaced_by_another() -> None:
    keys, old, new = Keys(), bytes([3] * 32), bytes([4] * 32)
    before, after = MasterKeys.from_secrets(old), MasterKeys.from_secrets(new, [old])
    row = await PersonalVault(before).encrypt(keys, CONTACT, {"phone": PHONE})
    assert await PersonalVault(after).rotate(keys) == 1
    assert await PersonalVault(after).decrypt(keys, {CONTACT: row}) == {CONTACT: {"phone": PHONE}}
    assert PersonalVault(after).index("phone", PHONE) == PersonalVault(before).index("phone", PHONE)
    with pytest.raises(UnreadableError):
        await PersonalVault(before).decrypt(keys, {CONTACT: row})
    with pytest.raises(ValueError, match="32 bytes"):
        MasterKeys.from_secrets(b"short")


def test_the_index_finds_equal_values_of_one_kind_only() -> None:
    assert vault("2023").index("phone", PHONE) == vault("2024").index("phone", PHONE)
    assert vault().index("phone", PHONE) != vault().index("fax", PHONE)
    assert vault().index("a", Secret("bc")) != vault().index("ab", Secret("c"))


def test_master_keys_are_checked_at_the_start_and_never_printed() -> None:
    for current, keys in [("2025", {"2024": KEY_2024}), ("k", {"k": b"short"}), ("", {"": KEY_2024})]:
        with pytest.raises(ValueError, match="master key"):
            MasterKeys(current, keys, INDEX_KEY)
    assert "\\x01" not in repr(MasterKeys("k", {"k": KEY_2024}, INDEX_KEY))


class Filed(BaseModel):
    phone: personal.PhoneNumber
    resident_id: personal.ResidentId
    email: personal.EmailAddress
    account: personal.BankAccount


def test_a_request_takes_personal_values_in_and_an_answer_cannot_let_them_out() -> None:
    number = synthetic_resident_id(Random(7))
    filed = Filed.model_validate(
        {
            "phone": "+86 138 0000 5678",
            "resident_id": number.lower(),
            "email": "Zhang@Example.CN",
            "account": "6222 0000 0000 0000 1",
        }
    )
    assert [filed.phone, filed.resident_id] == [PHONE, Secret(number)]
    assert [filed.email, filed.account] == [Secret("Zhang@example.cn"), Secret("62220000000000001")]
    assert "5678" not in f"{filed!r} {filed.phone} {filed.phone:>10} {[filed.phone]}"
    with pytest.raises(PydanticSerializationError):
        filed.model_dump_json()
    for leak in (json.dumps, orjson.dumps, pickle.dumps):
        with pytest.raises(TypeError):
            leak(filed.phone)
    assert Filed.model_json_schema()["properties"]["phone"]["writeOnly"] is True


def test_wrong_personal_values_are_refused_by_name() -> None:
    with pytest.raises(ValidationError) as refused:
        Filed.model_validate({"phone": "12", "resident_id": "1", "email": "江门", "account": "x"})
    assert {error["type"] for error in refused.value.errors()} == {
        "phone",
        "resident_id",
        "email",
        "bank_account",
    }
    with pytest.raises(ValidationError):
        Filed.model_validate({"phone": 13800005678, "resident_id": "", "email": None, "account": []})


@pytest.mark.parametrize("number", ["0750-3330000", "(0750) 3330000", "02083330000", "8613800005678"])
def test_telephone_numbers_in_common_spellings(number: str) -> None:
    filed = Filed.model_validate(
        {
            "phone": number,
            "resident_id": synthetic_resident_id(Random(1)),
            "email": "a@b.cn",
            "account": "622200000000",
        }
    )
    assert filed.phone.reveal() in {"07503330000", "02083330000", "13800005678"}


@pytest.mark.parametrize(
    ("mask", "plain", "shown"),
    [
        (personal.mask_phone, "13800005678", "138****5678"),
        (personal.mask_phone, "3330000", "****"),
        (personal.mask_phone, "075033300", "****00"),
        (personal.mask_resident_id, "11010519491231002X", "1101***********02X"),
        (personal.mask_resident_id, "护照E1234", "****"),
        (personal.mask_name, "张三丰", "张*"),
        (personal.mask_email, "zhang@example.cn", "z***@example.cn"),
        (personal.mask_email, "nobody", "****"),
        (personal.mask_bank_account, "62220000000003456", "****3456"),
        (personal.mask_bank_account, "123456", "****"),
        (personal.mask_address, "广东省江门市蓬江区某某路1号", "广东省江门市****"),
        (personal.mask_address, "某某路1号", "****"),
    ],
)
def test_masks(mask: type, plain: str, shown: str) -> None:
    assert mask(Secret(plain)) == shown


def test_an_answer_takes_masked_text_only() -> None:
    class Shown(BaseModel):
        phone: personal.Masked

    assert Shown(phone=personal.mask_phone(PHONE)).model_dump_json() == '{"phone":"138****5678"}'
    for forgotten in ("13800005678", PHONE):
        with pytest.raises(ValidationError):
            Shown(phone=forgotten)
    assert Shown.model_json_schema(mode="serialization")["properties"]["phone"]["type"] == "string"
