"""Call batches (榜单): calls that are collected and published together."""
