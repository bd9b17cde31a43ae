"""Selection rounds (评选): applications of a window scored, ranked and awarded under a quota (标兵、尖兵)."""
