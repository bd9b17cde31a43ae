"""Persons 人员档案: one person, one file."""
