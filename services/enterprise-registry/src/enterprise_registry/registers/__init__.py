"""Registers (名册): platforms, carriers and tenants, products, patents …; goals, coverage, members of chains."""
