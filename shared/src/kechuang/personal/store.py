"""Personal fields in a service's database: the wrapped keys' table, and sealing within a unit of work."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from kechuang.db.tables import personal_key as table
from kechuang.db.unit import ReadUnit, UnitOfWork
from kechuang.personal.secret import Secret
from kechuang.personal.vault import KeyOwner, MasterKeys, PersonalVault, WrappedKey

_Unit = ReadUnit | UnitOfWork


def _of(owners: Collection[KeyOwner]) -> sa.ColumnElement[bool]:
    return sa.tuple_(table.c.person, table.c.field_group).in_([(each.person, each.group) for each in owners])


class DatabaseKeys:
    """The key store over the table `personal_key`."""

    def __init__(self, unit: _Unit) -> None:
        self._unit = unit

    async def load(self, owners: Collection[KeyOwner]) -> Mapping[KeyOwner, WrappedKey]:
        """The keys of these owners, in one query; owners without a key are left out."""
        found = {}
        for row in await self._unit.execute(sa.select(table).where(_of(owners))):
            owner = KeyOwner(row.person, row.field_group)
            found[owner] = WrappedKey(owner, row.wrapped)
        return found

    async def add(self, key: WrappedKey) -> WrappedKey:
        """Keep a new key and give it back, or the one that a concurrent writer has added for the owner."""
        values = {"person": key.owner.person, "field_group": key.owner.group, "wrapped": key.material}
        await self._unit.execute(insert(table).values(values).on_conflict_do_nothing())
        return (await self.load([key.owner]))[key.owner]

    async def destroy(self, owners: Collection[KeyOwner]) -> None:
        """Clear the material of these owners' keys; a second time changes nothing."""
        statement = sa.update(table).where(_of(owners), table.c.wrapped.is_not(None))
        await self._unit.execute(statement.values(wrapped=None, destroyed_at=self._unit.now))

    async def wrapped_otherwise(self, header: bytes, limit: int) -> list[WrappedKey]:
        """Up to `limit` keys whose material is there and does not begin with `header`."""
        begins = sa.func.substr(table.c.wrapped, 1, len(header))
        statement = sa.select(table).where(table.c.wrapped.is_not(None), begins != header).limit(limit)
        return [
            WrappedKey(KeyOwner(row.person, row.field_group), row.wrapped)
            for row in await self._unit.execute(statement)
        ]

    async def replace(self, keys: Collection[WrappedKey]) -> None:
        """Overwrite the wrapping of these keys unless they were destroyed meanwhile."""
        for key in keys:
            statement = sa.update(table).where(_of([key.owner]), table.c.wrapped.is_not(None))
            await self._unit.execute(statement.values(wrapped=key.material))


def vault(unit: _Unit) -> PersonalVault:
    """The vault under the process's master key."""
    settings = unit.database.settings
    current, former = settings.key_bytes("master_key"), settings.former_master_key_bytes()
    return PersonalVault(MasterKeys.from_secrets(current, former))


async def seal(unit: UnitOfWork, person: str, group: str, fields: Mapping[str, Secret]) -> dict[str, bytes]:
    """Encrypt fields of one person (or record) under its own data key of this group."""
    return await vault(unit).encrypt(DatabaseKeys(unit), KeyOwner(person, group), fields)


async def unseal(
    unit: _Unit, group: str, rows: Mapping[str, Mapping[str, bytes]]
) -> dict[str, dict[str, Secret] | None]:
    """Decrypt fields of many persons with one query; None where the key was destroyed."""
    owners = {KeyOwner(person, group): fields for person, fields in rows.items()}
    opened = await vault(unit).decrypt(DatabaseKeys(unit), owners)
    return {owner.person: fields for owner, fields in opened.items()}
