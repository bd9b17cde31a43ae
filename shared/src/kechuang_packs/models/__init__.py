"""The shape of a policy pack, one module for each part of it (docs/policy-packs.md)."""
