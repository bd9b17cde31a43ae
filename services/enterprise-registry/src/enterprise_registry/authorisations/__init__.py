"""Authorisations (授权): which person may draft, submit or sign for an organisation."""
