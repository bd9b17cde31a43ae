"""Filings (数据填报): a form of the pack for a period, verified by the county, corrected by a later one."""
