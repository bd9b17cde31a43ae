"""The national packs and their rules, loaded once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from enterprise_registry.ladders.conditions import CompiledRule, compile_rule
from kechuang_packs import Packs
from kechuang_packs.packs import load_folders

PACKS = Path(__file__).parents[5] / "deploy" / "policy-packs"


@pytest.fixture(scope="session")
def packs() -> Packs:
    """The national packs alone: city packs have tests of their own."""
    return load_folders(sorted(PACKS.glob("national-*")), PACKS)


Compile = Callable[[str], CompiledRule]


@pytest.fixture(scope="session")
def rules(packs: Packs) -> Compile:
    """Compile a rule by its id, once."""
    compiled: dict[str, CompiledRule] = {}

    def compile_(rule_id: str) -> CompiledRule:
        if rule_id not in compiled:
            pack, rule = next((p, r) for p in packs for r in p.rules if r.id == rule_id)
            compiled[rule_id] = compile_rule(packs, pack, rule)
        return compiled[rule_id]

    return compile_
