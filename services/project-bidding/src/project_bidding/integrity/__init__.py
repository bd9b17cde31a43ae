"""Integrity records (科研失信行为记录): decided records that bar their subject while in force."""
