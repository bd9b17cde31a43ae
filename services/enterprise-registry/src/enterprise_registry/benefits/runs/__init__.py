"""Runs (批次): a benefit over all organisations of a city, first as a list to look at, then as offers."""
