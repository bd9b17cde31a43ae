"""The catalogue: indicators and targets as the policy packs state them."""
