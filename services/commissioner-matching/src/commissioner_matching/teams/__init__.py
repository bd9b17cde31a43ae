"""Teams 科技特派团: commissioners who are sent together."""
