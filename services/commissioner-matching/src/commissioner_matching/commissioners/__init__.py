"""Commissioners 科技特派员: enrolled in a programme, with a capacity."""
