"""The collapse benchmark: methods, tasks, the results of each seed, and the results of papers.

`make collapse-table` (benchmarks/collapse_search.py and collapse_table.py) trains and writes `data/` here, one result as it
is done; pages and docs/collapse.md read it. Loads no torch.
"""

from gan_core.experiments.benchmark.protocol import METHODS, TASKS, BenchmarkTask, Method, recipe
from gan_core.experiments.benchmark.published import BY_BATCH, OTHERS, PUBLISHED, TARGETS, Published
from gan_core.experiments.benchmark.storage import MEASURES, REAL, Result, Results, Tuned, results, tuned
from gan_core.experiments.benchmark.tuning import TUNED_TASKS

__all__ = [
    "BY_BATCH", "MEASURES", "METHODS", "OTHERS", "PUBLISHED", "REAL", "TARGETS", "TASKS", "TUNED_TASKS", "BenchmarkTask",
    "Method", "Published", "Result", "Results", "Tuned", "recipe", "results", "tuned",
]  # fmt: skip
