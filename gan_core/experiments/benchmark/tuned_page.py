"""The part of docs/collapse.md on methods at their searched settings: tables and sentences, from data/tuned-TASK.json."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from gan_core.experiments.benchmark import METHODS, TASKS, Result, Results, Tuned, results, tuned
from gan_core.experiments.benchmark.cells import figure_of, interval, quality_of
from gan_core.experiments.benchmark.summary import PLAIN, Row, against_papers, levelled, mean_curve, rows, targets
from gan_core.experiments.benchmark.tuning import AXES

NAMES = {
    "rate_g": "rate of G",
    "rate_d": "rate of D",
    "beta1": "beta1",
    "schedule": "schedule",
    "batch": "batch",
    "weight": "penalty's weight",
    "clip": "clip bound",
    "scale": "spectral scale",
    "n_critic": "critic steps",
}
"""Name in tuning.AXES -> words."""
LATE = 0.1
RISING = 0.01


def axes() -> str:
    """What the search varies, with its bounds, in words."""
    return ", ".join(
        f"{NAMES[name]} ({' or '.join(map(str, axis.values)) if axis.values else f'{axis.low:g} to {axis.high:g}'})"
        for name, axis in AXES.items()
    )


def plain(task: str) -> str:
    """How many modes the plain GAN finds untuned, and tuned where every method has been; empty where it was not trained."""
    all_modes = f"of {TASKS[task].num_modes:,} modes"
    searched = tuned(task)
    parts = [_plain_row(results(task), f"{all_modes} untuned")]
    if searched is not None and searched.is_complete:
        parts.append(_plain_row(searched.table(), f"{all_modes} tuned"))
    words = ", ".join(part for part in parts if part)
    return f"the plain GAN finds {words}." if words else ""


def _plain_row(found: Results, words: str) -> str:
    row = next((row for row in rows(found) if row.method == PLAIN), None)
    if row is None:
        return ""
    quality = row.measures["high_quality"]
    points = TASKS[found.task].settings["network.name"] == "mlp"
    good = f" ({quality.value:.0%} of its samples of high quality)" if points else ""
    return f"{interval(row.measures['captured'], 1)} {words}{good}"


def section(found: Tuned) -> list[str]:
    """Lines of Markdown: the table, the settings, the papers, modes against steps and against the batch."""
    task = TASKS[found.task]
    last, ema = rows(found.table()), {row.method: row for row in rows(found.table("ema"))}
    conditions = (
        f"{task.num_samples:,} samples from each generator; a sample's mode: {task.assignment}. {found.steps:,} steps of G, width "
        f"{task.settings['network.width']}; first the last weights, then their running average."
    )
    return [
        "### Tuned: each method at its own searched setting",
        "",
        conditions,
        "",
        "| | seeds | steps of D | mode-TV | modes captured | high quality | KL of good samples | average: modes | high quality "
        "| published: modes (± standard error) | high quality |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
        *(_line(found, row, ema[row.method]) for row in last),
        "",
        *_settings(found),
        "",
        *_curves(found),
        "",
        *_longer(found),
        *_batches(found),
        *_against_papers(found, last),
    ]


def _line(found: Tuned, row: Row, ema: Row) -> str:
    measures = row.measures
    steps = f"{found.steps * found.d_steps(row.method):,}" if row.method in METHODS else "–"
    died = f" ({row.diverged} diverged)" if row.diverged else ""
    average = ema.measures if row.method in METHODS else None
    cells = [
        row.title,
        f"{measures['captured'].count}{died}",
        steps,
        interval(measures["mode_tv"], 3),
        interval(measures["captured"], 1),
        interval(measures["high_quality"], 3),
        interval(measures["good_kl"], 2),
        interval(average["captured"], 1) if average else "–",
        interval(average["high_quality"], 3) if average else "–",
        "; ".join(f"{figure_of(paper)} ({paper.source})" for paper in row.published) or "none found",
        "; ".join(quality_of(paper) for paper in row.published) or "–",
    ]
    return f"| {' | '.join(cells)} |"


def _settings(found: Tuned) -> list[str]:
    names = [name for name in NAMES if any(name in setting for setting in found.settings.values())]
    lines = [
        f"| {METHODS[method].title} | {' | '.join(str(setting.get(name, '–')) for name in names)} |"
        for method, setting in found.settings.items()
    ]
    return [f"| chosen | {' | '.join(NAMES[name] for name in names)} |", "|---" * (len(names) + 1) + "|", *lines]


def _curves(found: Tuned) -> list[str]:
    """Modes and quality at some of the steps at which they were counted."""
    curves = {method: mean_curve(found, method) for method in found.settings}
    count = found.steps // found.every
    marks = sorted({1, max(1, count // 10), max(1, count // 3), max(1, 2 * count // 3), count})
    lines = []
    for method, curve in curves.items():
        cells = [f"{curve[m - 1][1]:.1f}, {curve[m - 1][2]:.3f}" if m <= len(curve) else "diverged" for m in marks]
        level = f"{levelled(curve, TASKS[found.task].num_modes):,}" if curve else "–"
        lines.append(f"| {METHODS[method].title} | {' | '.join(cells)} | {level} |")
    head = " | ".join(f"{mark * found.every:,}" for mark in marks)
    return [f"| modes, quality after steps of G | {head} | level from |", "|---" * (len(marks) + 2) + "|", *lines]


def goals_in_words(found: Results) -> str:
    """Whether PacGAN2 reaches its targets; empty where it has none or was not trained."""
    names = {"captured": "modes", "high_quality": "of high quality"}
    told = [
        f"{wanted:g} {names[measure]} ({'reached' if reached.value >= wanted else 'missed'}, with {interval(reached, 2)})"
        for measure, wanted, reached in targets(found)
    ]
    return f"Targets for PacGAN2 (the lab's own, near the paper's figures): {'; '.join(told)}." if told else ""


def _longer(found: Tuned) -> list[str]:
    """What methods reached that were trained for more steps than the table's."""
    averages = found.longer("ema")
    lines = []
    for steps, made in found.longer().items():
        ema = {row.method: row.measures for row in rows(averages[steps])}
        for row in rows(made):
            cells = [
                interval(measures[name], digits)
                for measures in (row.measures, ema[row.method])
                for name, digits in (("captured", 1), ("high_quality", 3))
            ]
            seeds = row.measures["captured"].count
            lines.append(f"| {row.title} | {steps:,} | {seeds} | {' | '.join(cells)} |")
    if not lines:
        return []
    head = "| with more steps | steps of G | seeds | modes captured | high quality | average: modes | high quality |"
    words = "The same settings with more steps; a rate that falls does so over the longer run."
    goals = [
        f"After {steps:,} steps of G: {said}"
        for steps, made in found.longer().items()
        if (said := goals_in_words(made))
    ]
    return [head, "|---" * 7 + "|", *lines, "", " ".join([words, *goals]), ""]


def _batches(found: Tuned) -> list[str]:
    """Modes and quality of the methods that were trained with several batches."""
    known = found.batches()
    if not known:
        return []
    sizes = sorted({size for sizes in known.values() for size in sizes})
    lines = []
    for method, by_size in known.items():
        cells = [
            f"{fmean(r.captured for r in there):.1f}, {fmean(r.high_quality for r in there):.3f}{_without(there)}"
            if (there := by_size.get(size))
            else "–"
            for size in sizes
        ]
        lines.append(f"| {METHODS[method].title} | {' | '.join(cells)} |")
    head = " | ".join(map(str, sizes))
    table = [f"| modes, quality with batches of | {head} |", "|---" * (len(sizes) + 1) + "|", *lines]
    return [*table, "", "All but the batch is as the search chose it for the method's own batch.", ""]


def _without(made: Sequence[Result]) -> str:
    """How many seeds found no mode at all, where there are some: a mean alone would hide them among those that found all."""
    none = sum(not result.captured for result in made)
    return f" ({none} of {len(made)} seeds: none)" if none else ""


def _against_papers(found: Tuned, lines: Sequence[Row]) -> list[str]:
    """Who reaches the published figures and who does not; of the latter, whether their quality still rose at the end."""
    held = against_papers(lines)
    words = {
        "reached": "At or above every published figure of modes and quality",
        "below": "Below a published figure of modes or quality",
    }
    said = [f"- {words[kind]}: {', '.join(row.title for row in some)}." for kind, some in held.items() if some]
    rising = [
        f"{row.title} by {rise:.3f}" for row in held["below"] if (rise := _late_rise(found, row.method)) >= RISING
    ]
    if rising:
        share = f"the last {LATE:.0%} of the steps"
        more = "more steps: see the table above" if found.longer() else "a longer run may reach more"
        said.append(f"- Of these, the share of high quality still rose over {share}: {', '.join(rising)}; {more}.")
    return said


def _late_rise(found: Tuned, method: str) -> float:
    """How much a method's quality rose over the last LATE of its steps, mean over its seeds; 0 where none reached the end."""
    curve = mean_curve(found, method)
    count = found.steps // found.every
    return curve[-1][2] - curve[-1 - round(LATE * count)][2] if len(curve) == count > round(LATE * count) else 0.0
