"""The cities' asks, row by row, on one stack."""
