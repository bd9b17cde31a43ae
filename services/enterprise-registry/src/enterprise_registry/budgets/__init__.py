"""Budgets (专项资金): a fund's money of one year, what is booked on it, and its ledger."""
