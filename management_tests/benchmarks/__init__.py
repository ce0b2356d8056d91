"""The project's own benchmark: `python -m management_tests.benchmarks`."""
