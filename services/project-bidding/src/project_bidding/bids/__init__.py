"""Bids 揭榜申报: sealed until two opening officers act."""
