"""The policy pack: its format, its validation and its loader. A city is data (docs/policy-packs.md)."""

from kechuang_packs.models.pack import Pack
from kechuang_packs.packs import ContentChangedError, Packs, load_packs
from kechuang_packs.source import Fault, PackError

__all__ = ["ContentChangedError", "Fault", "Pack", "PackError", "Packs", "load_packs"]
