"""Recognitions (认定): who stands on which rung, from when to when, by which decision."""
