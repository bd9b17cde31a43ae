"""Organisations and the cultivation ladder (企业梯度培育)."""
