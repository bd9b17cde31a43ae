"""Uploaded versions of policy packs (政策包版本): checked, tried on the population, published by a decision."""
