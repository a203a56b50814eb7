"""`python -m gan_core export` and `import`: a run in files that other programs read, and runs out of files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from gan_core import runs
from gan_core.cli.terminal import RunName, RunsDir, console, parse_changes, runs_folder
from gan_core.config import with_changes
from gan_core.exchange import run_zip
from gan_core.exchange.formats import FORMATS, export
from gan_core.presets import PRESETS, preset_config


def export_run(
    run: RunName,
    form: Annotated[
        str, typer.Option("--as", help="; ".join(f"{name}: {entry.title}" for name, entry in FORMATS.items()) + ".")
    ],
    out: Annotated[Path, typer.Option(help="File or folder to write; it must not exist yet.")],
    step: Annotated[int | None, typer.Option(help="Checkpoint; the newest if not given.")] = None,
    every: Annotated[bool, typer.Option("--every-checkpoint", help="Every checkpoint, not only one.")] = False,
    with_note: Annotated[bool, typer.Option("--with-note", help="Include your note on the run.")] = False,
    count: Annotated[int | None, typer.Option(help="Number of samples; for a plane, images per row.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of the samples' latents.", min=0)] = None,
    per_epoch: Annotated[bool, typer.Option("--per-epoch", help="For the log: one line per epoch.")] = False,
    axes: Annotated[
        str | None, typer.Option(metavar="A,B", help="For a plane: its two latent axes, counted from 0.")
    ] = None,
    seeds: Annotated[
        str | None, typer.Option(metavar="A,B,...", help="For a walk: seeds of the latents that it visits.")
    ] = None,
    picture: Annotated[
        list[Path] | None, typer.Option(help="For a walk of a VAE: a picture that it visits; may be repeated.")
    ] = None,
    fps: Annotated[int | None, typer.Option(help="For a walk: images per second.")] = None,
    runs_dir: RunsDir = None,
) -> None:
    """Write a run as files for other programs. Nothing is overwritten."""
    found = runs.find(runs_folder(runs_dir), run)
    options = {
        "step": step, "every": every or None, "note": with_note or None, "count": count, "seed": seed, "fps": fps,
        "axes": _numbers("--axes", axes), "seeds": _numbers("--seeds", seeds), "pictures": picture or None,
        "per_epoch": per_epoch or None,
    }  # fmt: skip
    words = export(found, form, out, **options)
    console.print(escape(f"{out}: {words}"), soft_wrap=True)


def import_run(
    file: Annotated[
        Path,
        typer.Argument(metavar="FILE", help="A run's zip, or a generator of PyTorch's DCGAN example as safetensors."),
    ],
    discriminator: Annotated[
        Path | None, typer.Option(help="The example's discriminator; a new one if not given.")
    ] = None,
    preset: Annotated[str, typer.Option(help="Preset in which the example's networks are trained further.")] = "",
    changes: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Change a setting of the preset; may be repeated."),
    ] = None,
    name: Annotated[str, typer.Option(help="Your name for the new run.")] = "",
    runs_dir: RunsDir = None,
) -> None:
    """Make a new run from a file, which is checked before it is opened. Prints the run's folder."""
    folder = runs_folder(runs_dir)
    if file.suffix.lower() == ".zip":
        if discriminator or preset or changes or name:
            raise ValueError("A zip brings its settings and its name along: leave the other options out.")
        print(run_zip.read(file, folder).path)
        return
    if not preset:
        raise ValueError(
            f"Name with --preset the experiment that the networks go on in. Choose one of: {', '.join(PRESETS)}."
        )
    from gan_core.exchange import dcgan_example

    config = with_changes(preset_config(preset), parse_changes(changes))
    print(dcgan_example.read(config, folder, file, discriminator, name).path)


def _numbers(option: str, text: str | None) -> list[int] | None:
    """Numbers that are separated by commas; None where the option was not given."""
    if text is None:
        return None
    try:
        return [int(part) for part in text.split(",")]
    except ValueError:
        raise ValueError(f"{option} takes whole numbers separated by commas, such as 0,1; got '{text}'.") from None
