"""Commissioner programmes 特派员计划: read from the policy packs."""
