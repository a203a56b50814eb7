"""docs/collapse.md, generated from the results: tables, conditions, and sentences on what the figures show."""

from __future__ import annotations

from collections.abc import Sequence

from gan_core.config.settings import PROJECT_DIR
from gan_core.evaluation.statistics.tests import Difference
from gan_core.experiments.benchmark import (
    BY_BATCH,
    METHODS,
    OTHERS,
    REAL,
    TASKS,
    TUNED_TASKS,
    BenchmarkTask,
    Results,
    results,
    tuned,
    tuned_page,
    tuning,
)
from gan_core.experiments.benchmark.cells import figure_of, interval, quality_of
from gan_core.experiments.benchmark.summary import FEW, Row, differences, rows, smeared

PAGE = PROJECT_DIR / "docs" / "collapse.md"

_INTRODUCTION = """\
# The collapse benchmark

Nine methods on data whose modes are known: how many does a generator find, and how evenly? Made by `make collapse-table`,
which goes on where it was stopped; this page and the table on Learn, Benchmark are written from `gan_core/experiments/benchmark/data`.

*Mode-TV* comes first: half the sum over the modes of |share of all samples - share in the data|, plus half the share of samples on
no mode. It is the total variation distance, 0 at best and 1 at worst: missing modes, uneven ones and samples between them all raise it.
Results made before it was measured have none (–), and only counts of every mode could give it.

Other measures, after Lin et al. 2018, "PacGAN", section 4: a mode is *captured* with at least one sample within 3 standard deviations
of its middle; *high quality* is the share of all samples that lie so near to the nearest middle (a perfect sampler in the plane
reaches 0.989); *reverse KL* is KL(generated || data) in nats, over the counts of the nearest modes, 0 at best. Intervals are
95 % over seeds (Student's t): they say how much the luck of the seed matters, and have no width where all seeds agree.
Read captured modes together with high quality: a generator that smears its samples evenly over the plane hits nearly every mode of
the grid by chance, with 2 % of its samples of high quality.

## What an untuned and a tuned GAN do

{plain}
Settings decide, so a table with one setting for all methods measures the setting. In pilots of two seeds (both learning rates 0.001,
falling to 0; points at unit spread) the plain GAN found every mode of ring and grid. Collapse itself is shown by the plain GAN's story in
the 2-D lab (Adam's momentum at 0.9) and by lesson 3, which also repairs it.
"""

_PROTOCOL = """\
## What differs from PacGAN's own experiments

- The papers' ± is PacGAN's standard error (caption of its table 1); intervals here are 95 %. Its code takes the KL over samples of high
  quality only: "KL of good samples" where it was measured so, while *reverse KL* counts every sample for its nearest mode.
- Networks: here two hidden layers of {width} in each network, ReLU in G and LeakyReLU in D, no batch norm. PacGAN's code has four
  layers of 400 with batch norm in G and three maxout layers of 200 in D; VEEGAN's has two of 128 in G.
- PacGAN trains 400,000 steps, Adam with 1e-4 and beta1 0.8. Both count a batch in packs, so PacGAN2 sees twice as many samples a step
  as the plain GAN, PacGAN4 four times. PacGAN moves D and G at once, from weights N(0, 0.02); here D moves first.
- Stacked MNIST: {mnist_size} px here, or {larger} px in a task of its own, 28 px there; {mnist_steps:,} steps here, 100,000 there; 26,000 stacks of 4,500 digits here, 128,000 of 60,000
  there; no batch norm in D here, since the gradient penalty forbids it and all methods are to have the same D.
- Seeds of one method on points are trained side by side, each with its own weights, data order and latents: the same step as in
  the lab's loop, and `tests/experiments/test_stacked.py` shows that the weights are those of separate runs. Where a loss becomes
  infinite, the seeds are trained once more, each alone; one whose training failed counts as no mode captured.

## Tuned: the same search for each method

- `python -m benchmarks.collapse_search` (Lucic et al. 2018, "Are GANs Created Equal?"): for each method the same number of trials and of steps
  of D, TPE, scored by the mean mode-TV of two seeds that the table never uses. What it varies: {axes}. Only methods that have a
  penalty, a bound, spectral norm or several critic steps search those. Budget and choices are in `docs/collapse_search.json`.
- Points are divided by their standard deviation (the ring by 0.71, the grid by 2.83), as the toy code of Gulrajani et al. 2017 does, and
  samples are counted in the old units: so one range of learning rates suits both.
- The table: {seeds} fresh seeds, {steps:,} steps of G; of D as many, or five times as many where the search chose 5 critic steps, so that
  G's steps are equal. Every run makes all of them: where the rate falls at the end, to stop earlier would be another schedule.
  *Level from* is the step from which modes and quality stay within 2 % (of all modes; of all samples) of their last values.
- Both kinds of weights are counted: the last ones, and their running average with decay {ema}, moved at every step of D.
- What it does not decide: networks and task are one; a larger budget may choose other settings. Stacked MNIST is not searched:
  its trainings are too long for that.

## Untuned: one setting for all

- {ring_steps:,} (ring) and {grid_steps:,} (grid) steps of D, Adam, beta1 0.5. The learning rates were chosen in short pilots of PacGAN2 with one or
  two seeds (grid: eight pairs of rates), then kept for all methods: that favours packing over methods which might like other rates.
- A step is one of D. Methods with 5 steps of D for each of G's (WGAN, WGAN-GP, SNGAN) get a fifth of the generator steps at the same
  cost. So their figures say what that many steps buy, not what they could reach.
- Every method has the settings of its task, and only what defines it is its own: objective, penalty, constraint, number of D steps, and
  the kind of optimiser with its betas after its paper. None was tuned for itself.
- On the ring a mode has a standard deviation of 0.01, so a critic that tells it from its surroundings needs a slope near 30. A penalty of weight
  10 and spectral norm, made for pictures of thousands of numbers, keep it near 1: WGAN-GP, R1 and SNGAN come out low for that reason. In pilots of two to four
  seeds that are not part of the table, WGAN-GP with weight 0.1 (that of the toy code of Gulrajani et al. 2017), beta1 0.5 and a falling rate found 8 modes with
  0.73 of high quality in as many steps. So neither height nor order of these rows ranks the methods.
"""


def page() -> str:
    """The whole page as Markdown.

    Raises:
        ValueError: results that cannot be read.
    """
    ring, grid, mnist = (TASKS[name].settings for name in ("ring8", "grid25", "stacked-mnist"))
    protocol = _PROTOCOL.format(
        width=ring["network.width"],
        ring_steps=ring["training.max_steps"],
        grid_steps=grid["training.max_steps"],
        mnist_size=mnist["dataset.image_size"],
        larger=TASKS["stacked-mnist-32"].settings["dataset.image_size"],
        mnist_steps=mnist["training.max_steps"],
        axes=tuned_page.axes(),
        seeds=len(tuning.TABLE_SEEDS),
        steps=tuning.STEPS,
        ema=tuning.EMA,
    )
    plain = "".join(
        f"- {task.title}: {sentence}\n" for name, task in TASKS.items() if (sentence := tuned_page.plain(name))
    )
    introduction = _INTRODUCTION.format(plain=plain)
    return "\n".join([introduction, *(_section(name, task) for name, task in TASKS.items()), protocol, _methods()])


def _section(name: str, task: BenchmarkTask) -> str:
    searched = tuned(name)
    parts = [f"## {task.title}: {task.num_modes:,} modes", ""]
    if searched is not None and searched.is_complete:
        parts += [*tuned_page.section(searched), *_bullets(findings(searched.table())), ""]
    elif name in TUNED_TASKS:
        parts += ["Settings searched for each method: not trained yet (`make collapse-table`).", ""]
    parts += [*_one_setting(name, task), *_papers(name)]
    return "\n".join(parts)


def _one_setting(name: str, task: BenchmarkTask) -> list[str]:
    """The table with one setting for all methods, its conditions before and its findings after."""
    found = results(name)
    lines = rows(found)
    head = ["### Untuned: one setting for all methods", ""]
    if not lines:
        return [*head, "Not trained yet: `make collapse-table`.", ""]
    settings = task.settings
    rates = [settings.get(f"{network}_optimizer.learning_rate", 2e-4) for network in ("generator", "discriminator")]
    conditions = (
        f"{task.num_samples:,} samples from each generator; a sample's mode: {task.assignment}. Batches of "
        f"{settings['training.batch_size']}, {settings['training.max_steps']:,} steps of D, width {settings['network.width']}, "
        f"learning rate {rates[0]:g} for G and {rates[1]:g} for D."
    )
    table = [
        "| | seeds | mode-TV | modes captured | high quality | reverse KL | published: modes (± standard error) | high quality |",
        "|---|---|---|---|---|---|---|---|",
        *(_line(row, task) for row in lines),
    ]
    return [*head, conditions, "", *table, "", *_bullets(findings(found)), ""]


def _papers(name: str) -> list[str]:
    """Methods that are not trained here, and curves against the batch, as papers give them."""
    lines = [
        f"| {method} | {figure_of(paper)} | {quality_of(paper)} | {paper.source} |"
        for method, paper in OTHERS.get(name, ())
    ]
    found = [
        "### Published, not trained here",
        "",
        "| | modes | high quality | source |",
        "|---|---|---|---|",
        *lines,
        "",
    ]
    if name == "ring8":
        source = next(iter(BY_BATCH.values())).source
        curve = "; ".join(
            f"{batch}: {figure_of(paper)} modes, {quality_of(paper)}" for batch, paper in BY_BATCH.items()
        )
        found += [f"Against the batch ({source}): {curve}.", ""]
    return found if lines else []


def _bullets(sentences: Sequence[str]) -> list[str]:
    return [f"- {sentence}" for sentence in sentences]


def _line(row: Row, task: BenchmarkTask) -> str:
    captured, quality, kl = (row.measures[name] for name in ("captured", "high_quality", "reverse_kl"))
    quality_cell = interval(quality, 3) if task.settings["network.name"] == "mlp" else "–"
    died = f" ({row.diverged} diverged)" if row.diverged else ""
    cells = [
        row.title,
        f"{captured.count}{died}",
        interval(row.measures["mode_tv"], 3) if "mode_tv" in row.measures else "–",
        interval(captured, 1),
        quality_cell,
        interval(kl, 2),
        "; ".join(f"{figure_of(paper)} ({paper.source})" for paper in row.published) or "none found",
        "; ".join(f"{p.high_quality:.3f}" for p in row.published if p.high_quality is not None) or "–",
    ]
    return f"| {' | '.join(cells)} |"


def findings(found: Results) -> list[str]:
    """Sentences on a table's figures: the targets, and which methods differ significantly from the plain GAN."""
    points = TASKS.find(found.task).settings["network.name"] == "mlp"
    sentences = []
    if goals := tuned_page.goals_in_words(found):
        sentences.append(goals)
    compared = differences(found)
    sentences += _compared(differences(found, "mode_tv"), "mode-TV (lower is better)", 3)
    if compared:
        sentences += _compared(compared, "modes captured", 1)
        if points:
            sentences += _compared(differences(found, "high_quality"), "the share of high quality", 3)
        sentences.append(_tests(compared))
    if chance := smeared(rows(found)):
        shares = ", ".join(f"{row.title} ({row.measures['high_quality'].value:.3f})" for row in chance)
        sentences.append(
            f"Fewer than {FEW:.0%} of the samples are of high quality, so modes are hit by chance: {shares}."
        )
    return sentences


def _compared(compared: Sequence[Difference], measure: str, digits: int) -> list[str]:
    groups = {
        "Significantly above the plain GAN": [
            _in_words(line, digits) for line in compared if line.differs and line.value > 0
        ],
        "Significantly below the plain GAN": [
            _in_words(line, digits) for line in compared if line.differs and line.value < 0
        ],
        "Not significantly different from the plain GAN": [
            METHODS[line.first].title for line in compared if not line.differs
        ],
    }
    return [f"{group} in {measure}: {', '.join(lines)}." for group, lines in groups.items() if lines]


def _tests(compared: Sequence[Difference]) -> str:
    tests = {
        "permutation": "exact permutation test over seeds",
        "welch": "Welch's t-test, since a permutation test of so few seeds cannot reach 5 %",
    }
    how = " and ".join(tests[test] for test in sorted({line.test for line in compared}))
    return f"Tests: {how}; p-values after Holm's correction for {len(compared)} comparisons of a measure."


def _in_words(line: Difference, digits: int) -> str:
    p_value = "p < 0.001" if line.corrected < 0.001 else f"p = {line.corrected:.3f}"
    return f"{METHODS[line.first].title} ({line.value:+,.{digits}f}, {p_value})"


def _methods() -> str:
    lines = [f"- **{method.title}**: {method.note}." for method in METHODS.values()]
    real = f"- **Real samples** (`{REAL}`): as many points or pictures of the data itself."
    return "\n".join(["## The methods\n", *lines, real, ""])
