"""The model card of a run, as the Hub's README.md. Pure; user input is escaped."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

import yaml  # type: ignore[import-untyped]

from gan_core.config import RunConfig, get
from gan_core.config.numbers import significant
from gan_core.datasets import DATASETS
from gan_core.evaluation.statistics.intervals import Count, wilson
from gan_core.models.kinds import kind_of
from gan_core.models.networks import NETWORKS
from gan_core.presets import PRESETS
from gan_core.runs import Status
from gan_core.runs.evaluations import Evaluation

TASK = "unconditional-image-generation"
HUB_DATASETS = {
    "mnist5k": "ylecun/mnist", "mnist": "ylecun/mnist", "fashion-mnist": "zalando-datasets/fashion_mnist",
    "cifar10": "uoft-cs/cifar10", "celeba": "flwrlabs/celeba",
}  # fmt: skip
"""Our name of a data set -> the Hub's, of those that it has."""
LAST_STEPS = 100  # recorded steps that a mean is taken over
_COUNTS = ("step", "epoch", "time", "images_seen")


def card(
    *, repo: str, name: str, note: str, config: RunConfig, status: Status, metrics: Sequence[Mapping[str, Any]],
    evaluations: Sequence[Evaluation], picture: str | None, licence: str, resumable: bool, curves: str | None = None,
) -> str:  # fmt: skip
    """The text of README.md.

    Args:
        repo: "user/name".
        name, note: the user's words; an empty note is left out.
        config, status: as they are sent.
        metrics: the recorded steps that are sent.
        evaluations: what was measured afterwards.
        picture: path of the newest sample grid within the repository, if there is one.
        licence: the Hub's name of a licence; empty for none.
        resumable: whether the optimisers' state is sent.
        curves: path of the picture of the losses within the repository, if there is one.
    """
    parts = [_header(repo, config, status, evaluations, licence), f"# {unlinked(name)}"]
    parts.append(
        f"A {kind_of(config).title} trained with Ganvas, a classroom for generative image models. Experiment: `{config.preset}`{_of_preset(config)}"
    )
    if picture:
        words = f"The {config.recording.num_samples} pinned latents of the run, drawn at step {status.step:,}."
        parts.append(f"![Samples]({picture})\n\n{words}")
    if note:
        parts.append("## The author's note\n\n" + "\n".join(f"> {unlinked(line)}" for line in note.splitlines()))
    parts += [
        _data(config, status),
        _training(config, status),
        *([f"![The losses over the steps]({curves})"] if curves else []),
        _results(metrics, _measured(evaluations, status.step)),
        _usage(repo, config, resumable),
    ]
    if not licence:
        parts.append("## Licence\n\nThe author has chosen none: ask before you use it for more than looking.")
    return "\n\n".join(parts) + "\n"


def unlinked(words: str) -> str:
    """User input escaped, and its addresses and e-mails broken by word joiners: they are found once the escapes are gone."""
    return escaped(re.sub(r"https?:(?=//)|www(?=\.)|@(?=[\w-])", "\\g<0>\u2060", words, flags=re.IGNORECASE))


def escaped(words: str) -> str:
    """User input escaped for Markdown: one line of plain text, without links, pictures or HTML."""
    flat = " ".join(re.sub(r"[\x00-\x1f\x7f\u2028\u2029]", " ", words).split())
    return re.sub(r"([!-/:-@\[-`{-~])", r"\\\1", flat)


def _header(repo: str, config: RunConfig, status: Status, evaluations: Sequence[Evaluation], licence: str) -> str:
    """The Hub's own metadata, with what was measured of this checkpoint as its `model-index`."""
    conditional = config.conditioning.name != "none"
    tags = [
        "ganvas",
        NETWORKS.find(config.network.name).model,
        *(["conditional"] if conditional else []),
        config.preset,
    ]
    told: dict[str, Any] = {"library_name": "ganvas", "pipeline_tag": TASK, "tags": tags}
    data = config.dataset
    if data.name in HUB_DATASETS:
        told["datasets"] = [HUB_DATASETS[data.name]]
    if licence:
        told["license"] = licence
    metrics = [
        {"type": found.metric, "value": found.value, "name": f"{found.metric}, {found.num_samples} samples"}
        for found in evaluations
        if found.step == status.step
    ]
    if metrics:
        where = {"type": HUB_DATASETS.get(data.name, data.name), "name": DATASETS[data.name].title}
        results = [{"task": {"type": TASK}, "dataset": where, "metrics": metrics}]
        told["model-index"] = [{"name": repo.partition("/")[2], "results": results}]
    return f"---\n{yaml.safe_dump(told, sort_keys=False, allow_unicode=True)}---"


def _of_preset(config: RunConfig) -> str:
    return f" ({PRESETS[config.preset].title})." if config.preset in PRESETS else "."


def _data(config: RunConfig, status: Status) -> str:
    entry, data = DATASETS[config.dataset.name], config.dataset
    lines = [f"## Data\n\n**{entry.title}** (`{data.name}`, part *{data.split}*). {entry.description}"]
    shape = f"{data.image_size}x{data.image_size} px, {'grey' if data.channels == 1 else 'colour'}"
    lines.append(f"Used here: {status.num_images:,} samples" + ("." if entry.domain == "points" else f" of {shape}."))
    if entry.needs_root:
        lines.append("The data itself is not part of this repository; its own licence and terms hold.")
    if config.conditioning.labels:
        kind = "exactly one a picture" if config.conditioning.exclusive else "any number a picture"
        labels = ", ".join(f"`{re.sub('`', ' ', label)}`" for label in config.conditioning.labels)
        lines.append(f"Labels ({kind}), in the order in which the model takes them: {labels}.")
    return "\n\n".join(lines)


def _training(config: RunConfig, status: Status) -> str:
    kind = kind_of(config)
    optimizers = [(part, get(config, part.section)) for part in kind.optimizers]
    rates = "; ".join(
        f"{part.symbol}: {o.name}, learning rate {o.learning_rate:g}, {o.schedule}" for part, o in optimizers
    )
    rows = {
        "architecture": f"`{config.network.name}`, width {config.network.width}, latent size {config.network.latent_dim}",
        "objective": config.objective.name if kind.applies("objective.name") else kind.short,
        "penalty": config.penalty.name,
        "conditioning": config.conditioning.name,
        "step": f"{status.step:,} of {status.total_steps:,}",
        "batch": f"{config.training.batch_size}",
        "optimisers" if len(optimizers) > 1 else "optimiser": rates,
        "seed": f"{config.training.seed}",
        "precision, device": f"{config.training.precision}, {status.device}",
        "time": f"{status.seconds:,.0f} s",
    }
    table = "\n".join(f"| {name} | {value} |" for name, value in rows.items())
    return f"## Training\n\n| | |\n|---|---|\n{table}\n\nEverything else is in the repository's configuration file."


def _results(metrics: Sequence[Mapping[str, Any]], measured: list[str]) -> str:
    if not metrics:
        return "## Results\n\nNo step was recorded yet."
    scores, rows = [], []
    for name in sorted({key for line in metrics for key in line}):
        family, _, what = name.partition("/")
        if name in _COUNTS or family in ("hits", "requested", "rate"):
            continue
        if family == "accuracy":
            scores += _score(what, metrics)
            continue
        values = [(line["step"], float(line[name])) for line in metrics if name in line][-LAST_STEPS:]
        numbers = [value for _step, value in values]
        mean = sum(numbers) / len(numbers)
        spread = math.sqrt(sum((x - mean) ** 2 for x in numbers) / (len(numbers) - 1)) if len(numbers) > 1 else 0.0
        span = f"{values[0][0]:,} to {values[-1][0]:,}"
        rows.append(f"| `{name}` | {significant(mean, 4)} | {significant(spread, 2)} | {len(numbers)} | {span} |")
    head = "| metric | mean | standard deviation | recorded steps | from step to step |\n|---|---|---|---|---|\n"
    words = (
        f"Means over the last recorded steps (at most {LAST_STEPS}) of one run with one seed. The steps of a run depend on "
        "each other, so the deviation tells how much a curve wavers, not how exact its mean is."
    )
    table = [f"{words}\n\n{head}" + "\n".join(rows)] if rows else []
    return "\n\n".join(["## Results", *measured, *scores, *table])


def _score(what: str, metrics: Sequence[Mapping[str, Any]]) -> list[str]:
    """The newest count of an evaluator, if it was recorded in whole."""
    for line in reversed(metrics):
        hits, requested = line.get(f"hits/{what}"), line.get(f"requested/{what}")
        if hits is None or requested is None or not 0 <= hits <= requested or requested < 1:
            continue
        count = Count(round(hits), round(requested))
        low, high = wilson(count).interval
        return [
            f"Evaluator's accuracy on the list `{what}`: **{count} = {count.ratio:.3f}** (95 % interval {low:.3f} to "
            f"{high:.3f}, Wilson; measured once, at step {line['step']:,}, by a classifier trained on the same data)."
        ]
    return []


def _measured(evaluations: Sequence[Evaluation], step: int) -> list[str]:
    """What was measured of this very checkpoint, as a table; nothing if nothing was."""
    rows = []
    for found in evaluations:
        if found.step != step:
            continue
        counted = found.hits is not None and found.requested is not None
        cells = (
            f"`{found.metric}`",
            significant(found.value, 4),
            " to ".join(significant(end, 4) for end in found.interval) if found.interval else "-",
            f"{found.hits}/{found.requested}" if counted else "-",
            f"{found.num_samples:,}",
            "-" if found.seed is None else str(found.seed),
            found.extractor or "-",
        )
        rows.append(f"| {' | '.join(cells)} |")
    if not rows:
        return []
    head = "| metric | value | 95 % interval | hits | images | seed | measured with |\n|---|---|---|---|---|---|---|\n"
    return [f"Measured of this checkpoint (step {step:,}) after training:\n\n{head}" + "\n".join(rows)]


def _usage(repo: str, config: RunConfig, resumable: bool) -> str:
    wanted = ", labels=labels" if config.conditioning.labels else ""
    labels = len(config.conditioning.labels)
    of_labels = f"labels = [[1] + [0] * {labels - 1}] * 16  # (16, {labels}), 0 or 1 each\n" if wanted else ""
    further = "resumed where it stands" if resumable else "looked at and sampled, not trained further"
    return (
        "## How to use it\n\nIn a notebook, with Ganvas installed:\n\n"
        f'```python\nimport gan_core\n\nmodel = gan_core.load("{repo}")\n{of_labels}'
        f"images = model.sample(16, seed=0{wanted})  # uint8 (16, channels, height, width)\n```\n\n"
        f"On the command line, or under *Runs, Import from the Hub*:\n\n```\npython -m gan_core pull {repo}\n```\n\n"
        f"`revision=` in the one and `--revision` in the other pin a commit, a branch or a tag. A fetched run opens in every page; this one can be {further}. Weights are safetensors; nothing here is a pickle."
    )
