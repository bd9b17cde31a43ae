"""Commissioners, technical needs, matching, dispatch and expert draws (科技特派员)."""
