"""Merged specs, API reference, health and the movable clock; owns no data."""
