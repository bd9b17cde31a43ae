"""The policy pack: its format, its validation and its loader. A city is data."""
