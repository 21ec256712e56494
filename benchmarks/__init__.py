"""Measurements that stand in docs/benchmarks.md; each prints how to repeat it."""
