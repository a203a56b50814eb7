"""Commands about data: prepare the cache, fetch data sets, write the rendered blocks as a folder.

With `--json` each prints its progress as one JSON object a line, for a program to read.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from gan_core import datasets
from gan_core.cli.terminal import bar, console
from gan_core.config import DatasetConfig, RunConfig, settings, with_changes
from gan_core.datasets import downloads
from gan_core.datasets.base import left_out_in_words

EVERY_S = 0.2

ProgressAsJson = Annotated[bool, typer.Option("--json", help="Print progress as one JSON object per line.")]
Move = Callable[[int, int], None]


def prepare(
    dataset: Annotated[str, typer.Argument(metavar="DATASET", help="A data set, as `datasets` lists them.")],
    root: Annotated[str, typer.Option(help="Folder or file of your own images or points.")] = "",
    split: Annotated[str, typer.Option(help="Part of the data set: train or test.")] = "train",
    image_size: Annotated[int | None, typer.Option(help="Height and width in pixels.", show_default="32")] = None,
    channels: Annotated[int | None, typer.Option(help="1 for grey, 3 for colour.", show_default="1")] = None,
    num_images: Annotated[int, typer.Option(help="Only a sample of this many images; 0 takes all.")] = 0,
    as_json: ProgressAsJson = False,
) -> None:
    """Decode and resize a data set into the cache, so that training starts at once."""
    fields: dict[str, Any] = {"name": dataset, "root": root, "split": split, "num_images": num_images}
    fields |= {"image_size": image_size, "channels": channels}
    changes = {f"dataset.{name}": value for name, value in fields.items() if value is not None}
    config: DatasetConfig = with_changes(RunConfig(), changes).dataset
    with _progress("Preparing", as_json) as move:
        prepared = datasets.prepare(config, move)
    labels = f", {len(prepared.label_names)} labels" if prepared.label_names else ""
    words = f"{dataset}: {len(prepared):,} {datasets.DATASETS[dataset].domain}{labels}"
    if prepared.num_skipped:
        words += f"\n{left_out_in_words(prepared.skipped, prepared.num_skipped)}"
    _print_result(words, as_json)


def download(
    name: Annotated[
        str | None, typer.Argument(metavar="NAME", help=f"One of: {', '.join(downloads.DOWNLOADS)}.")
    ] = None,
    root: Annotated[
        Path | None, typer.Option(help="Folder for the images.", show_default="checkpoints/data/...")
    ] = None,
    hub: Annotated[
        str, typer.Option("--from-hub", metavar="OWNER/NAME", help="A data set of the Hugging Face Hub.")
    ] = "",
    as_json: ProgressAsJson = False,
) -> None:
    """Download a data set through torchvision, or from the Hugging Face Hub."""
    if (name is None) == (not hub):
        raise ValueError(f"Name one data set ({', '.join(downloads.DOWNLOADS)}), or give --from-hub OWNER/NAME.")
    chosen = name or hub
    target = settings.folder(root) if root else downloads.default_root(chosen)
    with _progress(f"Fetching {chosen}", as_json) as move:
        if name is not None:
            downloads.download(name, target, move)
            words = f"{name} is in {target}. Train with: --set dataset.name={name} --set dataset.root={target}"
        else:
            count = downloads.from_hub(hub, target, move, own_login=True)
            words = f"{hub}: {count:,} pictures in {target}. Train with: --set dataset.name=folder --set dataset.root={target}"
    _print_result(words, as_json)


def write_blocks(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Folder to write; created if it does not exist.")],
    count: Annotated[int, typer.Option(help="Number of pictures.", min=1, max=202_599)] = 18_009,
    image_size: Annotated[int, typer.Option(help="Height and width in pixels.", min=8, max=1024)] = 64,
    as_json: ProgressAsJson = False,
) -> None:
    """Render the blocks and write them as an i-CLEVR folder: images/, train.json, objects.json, test.json, new_test.json."""
    from gan_core.datasets.sources import blocks

    place = settings.folder(folder)
    with _progress("Drawing", as_json) as move:
        blocks.write_folder(place, count, image_size, move)
    _print_result(
        f"{count:,} pictures in {place}. Read them with: --set dataset.name=iclevr --set dataset.root={place}", as_json
    )


@contextmanager
def _progress(title: str, as_json: bool) -> Iterator[Move]:
    """Gives a function that shows progress, as lines of JSON or as a bar."""
    if not as_json:
        with bar(title) as move:
            yield lambda done, total: move(done, total, "")
        return
    last = [0.0]

    def print_progress(done: int, total: int) -> None:
        if time.monotonic() - last[0] >= EVERY_S or done == total:
            last[0] = time.monotonic()
            print(json.dumps({"done": done, "total": total}), flush=True)

    yield print_progress


def _print_result(words: str, as_json: bool) -> None:
    if as_json:
        print(json.dumps({"words": words}), flush=True)
    else:
        console.print(escape(words), soft_wrap=True)
