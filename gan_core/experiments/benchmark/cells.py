"""Figures of the benchmark as text, for docs/collapse.md and for the table on the page."""

from __future__ import annotations

from collections.abc import Callable

from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.experiments.benchmark import Published


def interval(mean: Estimate, digits: int, _: Callable[[str], str] = str) -> str:
    """A mean with its interval: "7.9 (7.6 to 8.0)"; of a single seed the value alone. `_` translates words."""
    value, low, high = (f"{number:,.{digits}f}" for number in (mean.value, mean.low, mean.high))
    if mean.count == 1:
        return _("{value} (one seed)").format(value=value)
    return _("{value} ({low} to {high})").format(value=value, low=low, high=high)


def figure_of(paper: Published) -> str:
    """A paper's figures without their source: "6.3 ± 0.5, KL 0.45"."""
    spread = f" ± {paper.spread:g}" if paper.spread is not None else ""
    return f"{paper.captured:g}{spread}" + (f", KL {paper.reverse_kl:.2f}" if paper.reverse_kl is not None else "")


def quality_of(paper: Published) -> str:
    """A paper's share of high quality: "0.956"."""
    return "–" if paper.high_quality is None else f"{paper.high_quality:.3f}"
