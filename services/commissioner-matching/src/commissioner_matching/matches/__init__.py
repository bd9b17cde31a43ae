"""Matches 供需匹配: who can serve a need, in which order, and why."""
