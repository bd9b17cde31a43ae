"""Reviews 评审: independent scores, reproducible ranking."""
