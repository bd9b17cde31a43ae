"""Dispatches 选派: a server sent to a target, with every acceptance on record."""
