"""How fast, measured: `python -m tests.benchmarks`."""
