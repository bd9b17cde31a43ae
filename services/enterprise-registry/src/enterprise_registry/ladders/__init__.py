"""The rule engine of the ladder: pure, no store, no clock. A condition is compiled once and run in two ways."""
