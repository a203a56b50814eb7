"""Several runs for one question: studies, sweeps, lessons, the benchmark, breakages and their repair."""
