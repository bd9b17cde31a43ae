"""Benchmarks: our figure beside the engine's own limit, measured in the same run, as a ratio.

`make bench` starts a stack of its own in a temporary folder, so that a running one is not disturbed.
Figures of different runs are not comparable (the client, the services and the engines share the machine);
ratios within one run are. Results are kept in docs/benchmarks.md.
"""
