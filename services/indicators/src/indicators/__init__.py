"""Targets, values, progress and their provenance (指标)."""
