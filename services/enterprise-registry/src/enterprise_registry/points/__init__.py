"""Innovation points (企业创新积分): entries with rule and evidence, reversed by counter-entries."""
