"""Personal data: values that cannot leave by mistake, masks for showing, keys that can be destroyed."""

from kechuang.personal.masking import (
    Masked,
    mask_address,
    mask_bank_account,
    mask_email,
    mask_name,
    mask_phone,
    mask_resident_id,
)
from kechuang.personal.secret import BankAccount, EmailAddress, PhoneNumber, ResidentId, Secret
from kechuang.personal.vault import (
    DataKey,
    KeyDestroyedError,
    KeyOwner,
    KeyStore,
    MasterKeys,
    PersonalVault,
    UnreadableError,
    WrappedKey,
)

__all__ = [
    "BankAccount",
    "DataKey",
    "EmailAddress",
    "KeyDestroyedError",
    "KeyOwner",
    "KeyStore",
    "Masked",
    "MasterKeys",
    "PersonalVault",
    "PhoneNumber",
    "ResidentId",
    "Secret",
    "UnreadableError",
    "WrappedKey",
    "mask_address",
    "mask_bank_account",
    "mask_email",
    "mask_name",
    "mask_phone",
    "mask_resident_id",
]
