"""Experiments of several runs: studies, sweeps, lessons, the benchmark, breakages and their repair."""
