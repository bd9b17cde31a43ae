"""Whose accepted R&D input doubled against a base year (研发投入倍增), with the flag of the reserve fund (研发准备金)."""
