"""Programmes (计划): what the policy packs say about calls, read only."""
