"""Experts 专家: technical, management and financial, for reviews."""
