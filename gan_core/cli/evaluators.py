"""Commands about evaluators: list them, train one, score a conditional run with one."""

from __future__ import annotations

import json
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated, Any

import typer

from gan_core import runs
from gan_core.cli import metrics as cli_metrics
from gan_core.cli.terminal import AsJson, RunName, RunsDir, bar, console, plain_lines, runs_folder, show_rows
from gan_core.config import parse_config, read_bounded, settings
from gan_core.config.devices import detect
from gan_core.datasets import DATASETS
from gan_core.datasets.sources.objects24 import OBJECTS
from gan_core.evaluation import evaluators
from gan_core.evaluation.evaluators import EvaluatorFolder
from gan_core.evaluation.evaluators.scoring import BASELINE, Score, own_score, own_words
from gan_core.evaluation.measure import NUM_IMAGES
from gan_core.evaluation.statistics.intervals import wilson
from gan_core.runs import evaluations

GREY = ("mnist5k", "mnist", "fashion-mnist")
SMALL = (*GREY, "cifar10", "stacked-mnist")  # 28 or 32 px by nature
STANDARD_EPOCHS = 10
SIZES, COLOURS = f"64; 32 for {', '.join(SMALL)}", f"3; 1 for {', '.join(GREY)}"


def list_evaluators(as_json: AsJson = False) -> None:
    """List the evaluators: classifiers that score conditional models."""
    rows = [
        {
            "name": folder.info.name,
            "title": folder.info.title,
            "held_out": own_words(folder.info),
            "dataset": folder.info.dataset,
            "labels": folder.info.label_names,
            "shipped": folder.shipped,
            "path": str(folder.path),
        }
        for folder in evaluators.available()
    ]
    show_rows(rows, ("name", "title", "held_out"), as_json)


def train_evaluator(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A data set, as `datasets` lists them.")],
    root: Annotated[str, typer.Option(help="Folder of the images, for a data set of your own.")] = "",
    image_size: Annotated[int | None, typer.Option(help="Height and width in pixels.", show_default=SIZES)] = None,
    channels: Annotated[int | None, typer.Option(help="1 for grey, 3 for colour.", show_default=COLOURS)] = None,
    num_images: Annotated[int, typer.Option(help="Train on a sample of this many images; 0 takes all.", min=0)] = 0,
    epochs: Annotated[int, typer.Option(help="Passes over the images.", min=1)] = STANDARD_EPOCHS,
    batch_size: Annotated[int, typer.Option(help="Images per step; choose fewer for a small data set.", min=2)] = 64,
    width: Annotated[int, typer.Option(help="Channels of the first stage; 64 is the full ResNet-18.", min=1)] = 16,
    flips: Annotated[bool | None, typer.Option(help="Mirror images at random; default: where labels allow it.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.", min=0)] = 0,
    name: Annotated[str, typer.Option(help="The evaluator's name; by default the data set's.")] = "",
    out: Annotated[
        Path | None, typer.Option(help="Folder for the evaluator.", show_default="checkpoints/evaluators")
    ] = None,
    device: Annotated[str, typer.Option(help="Device: auto, cpu, cuda:0 ... or mps.")] = "auto",
    threads: Annotated[int, typer.Option(help="Processor threads; 0 uses every core but one.", min=0)] = 0,
    as_json: AsJson = False,
) -> None:
    """Train an evaluator and print its accuracy on held-out images."""
    DATASETS.find(dataset)
    machine = detect()
    if device not in ("auto", *machine.devices):
        raise ValueError(f"This machine has no device '{device}'. Choose one of: auto, {', '.join(machine.devices)}.")
    size = (32 if dataset in SMALL else 64) if image_size is None else image_size
    colours = (1 if dataset in GREY else 3) if channels is None else channels
    fields = {
        "name": dataset,
        "root": settings.absolute(root),
        "image_size": size,
        "channels": colours,
        "num_images": num_images,
    }
    config = parse_config({"dataset": fields}).dataset
    import torch

    from gan_core.evaluation.evaluators import learning
    from gan_core.training import worker

    worker.keep_freed_memory()
    torch.set_num_threads(threads or machine.threads)
    recipe = learning.Recipe(
        config, name or dataset, epochs=epochs, batch_size=batch_size, width=width, seed=seed, flips=flips,
        device=machine.devices[0] if device == "auto" else device,
    )  # fmt: skip
    folder = settings.folder(out) if out else settings.evaluators_dir()
    with bar("Training the evaluator") if console.is_terminal else nullcontext(plain_lines()) as move:
        made = learning.train_evaluator(recipe, folder, move)
    _show_made(made, as_json)


def import_evaluator(
    file: Annotated[
        Path, typer.Argument(metavar="FILE", help="A safetensors file: the state dict of torchvision's resnet18.")
    ],
    name: Annotated[str, typer.Option(help="The evaluator's name.")],
    labels: Annotated[
        Path | None,
        typer.Option(help="JSON file that names its outputs, like objects.json; i-CLEVR's 24 objects if not given."),
    ] = None,
    dataset: Annotated[str, typer.Option(help="The data set whose images it classifies.")] = "iclevr",
    root: Annotated[
        str, typer.Option(help="Folder of that data set; the evaluator's accuracy is measured on its images.")
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Import an evaluator from elsewhere, such as the i-CLEVR assignment's ResNet-18 with 24 outputs."""
    DATASETS.find(dataset)
    config = parse_config({"dataset": {"name": dataset, "root": settings.absolute(root)}}).dataset
    from gan_core.evaluation.evaluators import importing

    try:
        content = read_bounded(file, importing.MAX_BYTES)
        names = OBJECTS if labels is None else importing.labels_of(read_bounded(labels))
    except OSError as error:
        raise ValueError(f"The file '{error.filename}' cannot be read ({error.strerror}).") from error
    _show_made(importing.import_evaluator(content, name, config, names), as_json)


def _show_made(made: EvaluatorFolder, as_json: bool) -> None:
    rows: list[dict[str, Any]] = [
        {"label": s.name, "hits": s.hits, "of": s.requested, "ratio": round(s.hits / max(s.requested, 1), 4)}
        | {"baseline": round(s.baseline, 4)}
        for s in made.card.label_scores
    ]
    score = own_score(made.info)
    if as_json:
        content = {"path": str(made.path), **score_row(score), "note": made.info.held_out_note, "labels": rows}
        print(json.dumps(content, indent=2))
        return
    print(f"{made.path}: {score or 'its own accuracy is not measured'}")
    print(f"{'measured on ' if score else ''}{made.info.held_out_note}. Baseline: {BASELINE[made.info.kind]}.")
    show_rows(rows, ("label", "hits", "of", "ratio", "baseline"), as_json)


def score_row(score: Score | None) -> dict[str, Any]:
    """A score as JSON values; 0 of 0 where nothing was measured."""
    if score is None:
        return {"hits": 0, "requested": 0}
    return {
        "hits": score.hits,
        "requested": score.requested,
        "ratio": round(score.ratio, 6),
        "standard_error": round(score.standard_error, 6),
        "interval": [round(bound, 6) for bound in wilson(score).interval],
    }


def evaluate(
    run: RunName,
    step: Annotated[int | None, typer.Option(help="Checkpoint to score; the newest if not given.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the latents; the run's own if not given.", min=0)] = None,
    metrics: cli_metrics.Metrics = "",
    num_images: cli_metrics.NumImages = NUM_IMAGES,
    extractor: cli_metrics.ExtractorName = "evaluator",
    inception_weights: cli_metrics.InceptionWeights = None,
    runs_dir: RunsDir = None,
    as_json: AsJson = False,
) -> None:
    """Score a conditional run: the share of the requested labels that an evaluator finds. With --metrics, measure any run.

    The metrics are about quality, variety, mode collapse and copies of training images. The results are kept with the run.
    """
    found = runs.find(runs_folder(runs_dir), run)
    if metrics:
        cli_metrics.measure(found, metrics, step, num_images, seed, extractor, inception_weights, as_json)
        return
    from gan_core.evaluation import conditional

    result = conditional.evaluate(found, step, seed)
    if not evaluations.add(found, result.evaluations()):
        print("This run comes with Ganvas, so the result is not kept with it.", file=sys.stderr)
    lists = {
        name: {**score_row(m.score), "chance": round(m.chance, 6), "num_pictures": m.num_pictures}
        for name, m in result.lists.items()
    }
    info = result.folder.info
    if as_json:
        evaluator = {"name": info.name, **score_row(own_score(info)), "note": info.held_out_note}
        content = {"run": found.id, "step": result.step, "seed": result.seed, "lists": lists, "evaluator": evaluator}
        print(json.dumps(content, indent=2))
        return
    for name, m in result.lists.items():
        print(f"{name}: {m.score}; chance {m.chance:.3f}; {m.num_pictures} pictures")
    print(
        f"Checkpoint of step {result.step:,}, seed {result.seed}. Errors and intervals take every request as independent; "
        "those of one picture are not quite."
    )
    print(f"Evaluator '{info.name}' ({info.title}): {own_words(info)}.")
