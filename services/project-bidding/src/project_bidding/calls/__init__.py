"""Calls 榜题: what is asked, who may post and answer."""
