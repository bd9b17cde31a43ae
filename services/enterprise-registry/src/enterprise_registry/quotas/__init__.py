"""Quotas (名额): how many awards of an honour a period has, shared by all rounds of the honour."""
