"""Observations: values that are reported and not counted."""
