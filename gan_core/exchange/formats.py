"""What a run can be written as, one entry each. Free of torch: an entry names its function."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gan_core.config import RunConfig
from gan_core.config.registry import Registry, load
from gan_core.datasets import DATASETS
from gan_core.jobs.task import Arrays, Report, Task
from gan_core.models.kinds import Kind, kind_or_none
from gan_core.runs import Run

MAX_BYTES = 300_000_000  # of a download: the server holds it in memory


def _draws_images(config: RunConfig) -> bool:
    name = config.dataset.name
    return name in DATASETS and DATASETS[name].domain == "images" and kind_or_none(config) is not None


def _of_kind(fits: Callable[[Kind], bool]) -> Callable[[RunConfig], bool]:
    """Whether the kind of model fits; a network of another version of the program has none that is known."""
    return lambda config: (kind := kind_or_none(config)) is not None and fits(kind)


@dataclass(frozen=True)
class Format:
    """A line of the table.

    Attributes:
        title: what it is, for people.
        suffixes: how the file's name may end; empty for a folder.
        function: import path of `(run, path, **options)`, which writes it and says in words what it holds; it raises
            ValueError where the run has no such thing.
        options: the options that it takes.
        fits: whether runs of a configuration can have such a thing.
    """

    title: str
    suffixes: tuple[str, ...]
    function: str
    options: tuple[str, ...] = ()
    fits: Callable[[RunConfig], bool] = lambda _config: True


FORMATS: Registry[Format] = Registry(
    "format",
    {
        "zip": Format(
            "the run itself: checkpoint, curves, samples",
            (".zip",),
            "gan_core.exchange.run_zip:write",
            ("step", "every", "note"),
        ),
        "onnx": Format(
            "generator or decoder for other runtimes",
            (".onnx",),
            "gan_core.exchange.onnx_file:write",
            ("step",),
            _of_kind(lambda kind: not kind.latent_is_noise),
        ),
        "dcgan": Format(
            "state dicts of PyTorch's DCGAN example, a folder",
            (),
            "gan_core.exchange.dcgan_example:write",
            ("step",),
            lambda config: (config.network.name, config.dataset.image_size) == ("dcgan4", 64),
        ),
        "samples": Format(
            "samples as a zip of PNGs",
            (".zip",),
            "gan_core.exchange.pictures:write_samples",
            ("step", "count", "seed"),
            _draws_images,
        ),
        "plane": Format(
            "the plane of two latent axes of a VAE",
            (".png",),
            "gan_core.exchange.pictures:write_plane",
            ("step", "axes", "count"),
            _of_kind(lambda kind: kind.encodes),
        ),
        "walk": Format(
            "a walk between latents as a film",
            (".mp4", ".gif"),
            "gan_core.exchange.pictures:write_walk",
            ("step", "seeds", "pictures", "labels", "fps"),
            _draws_images,
        ),
        "csv": Format("the recorded metrics as a table", (".csv",), "gan_core.exchange.curves:write_csv"),
        "log": Format(
            "the log table of PyTorch's DCGAN example", (".txt",), "gan_core.exchange.curves:write_log", ("per_epoch",)
        ),
        "tensorboard": Format(
            "the recorded metrics for TensorBoard, a folder", (), "gan_core.exchange.curves:write_tensorboard"
        ),
    },
)


def export(run: Run, name: str, path: Path, **options: Any) -> str:
    """Writes a run in a format of the table.

    Args:
        run: which.
        name: a key of FORMATS.
        path: the new file or folder.
        options: those of the format; None is left out.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: an unknown format, an option that it does not take, another ending of the name, nothing to write, or
            `output.new`.
    """
    entry = FORMATS.find(name)
    given = {option: value for option, value in options.items() if value is not None}
    for option in given:
        if option not in entry.options:
            takers = ", ".join(other for other, form in FORMATS.items() if option in form.options)
            raise ValueError(f"'{option}' is not an option of the format '{name}'; it belongs to: {takers}.")
    if entry.suffixes and path.suffix.lower() not in entry.suffixes:
        raise ValueError(
            f"The format '{name}' is a file that ends in {' or '.join(entry.suffixes)}; got '{path.name}'."
        )
    function: Callable[..., str] = load(entry.function)
    return function(run, path, **given)


def task(run: Run, name: str, **options: Any) -> Task:
    """The background work that writes a run as it is now; its other arguments are those of `export`, as JSON values."""
    recorded = run.metrics_path.stat().st_size if run.metrics_path.exists() else 0
    now = [max(run.checkpoint_steps(), default=0), recorded]
    return Task.of("gan_core.exchange.formats:make", run=str(run.path), format=name, options=options, now=now)


def suffix(name: str) -> str:
    """How the name of the file that `make` gives ends: a folder is sent as a zip."""
    return (FORMATS.find(name).suffixes or (".zip",))[0]


def make(arguments: dict[str, Any], report: Report) -> Arrays:
    """The work of `task`. Returns `content`: the bytes of the file, or of a zip of the folder.

    Raises:
        ValueError: as `export`, or a file of more than MAX_BYTES.
    """
    name = arguments["format"]
    report("writing")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "run").with_suffix(suffix(name) if FORMATS.find(name).suffixes else "")
        export(Run(Path(arguments["run"])), name, path, **arguments["options"])
        if path.is_dir():
            path = Path(shutil.make_archive(str(path), "zip", path))
        if (size := path.stat().st_size) > MAX_BYTES:
            raise ValueError(
                f"The file has {size:,} bytes; a page sends at most {MAX_BYTES:,}. Write it with: python -m gan_core export "
                f"{Path(arguments['run']).name} --as {name} --out FILE"
            )
        return {"content": np.frombuffer(path.read_bytes(), np.uint8)}
