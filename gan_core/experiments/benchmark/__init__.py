"""The collapse benchmark: methods, tasks, the results of each seed, and the results of papers.

`make collapse-table` (benchmarks/collapse_table.py) trains and writes `data/TASK.json` here, one result as it is done;
pages and docs/collapse.md read it. Loads no torch.
"""

from gan_core.experiments.benchmark.protocol import METHODS, TASKS, BenchmarkTask, Method, recipe
from gan_core.experiments.benchmark.published import PUBLISHED, TARGETS, Published
from gan_core.experiments.benchmark.storage import MEASURES, REAL, Result, Results, results

__all__ = [
    "MEASURES", "METHODS", "PUBLISHED", "REAL", "TARGETS", "TASKS", "BenchmarkTask", "Method", "Published", "Result", "Results",
    "recipe", "results",
]  # fmt: skip
