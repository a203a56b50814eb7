"""The commands of saved directions: list, save, export and import them. `rename` and `delete` take them too."""

from __future__ import annotations

from contextlib import nullcontext
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import numpy as np
import numpy.typing as npt
import typer
from rich.markup import escape

from gan_core import runs
from gan_core.cli.terminal import AsJson, RunName, RunsDir, bar, console, find_one, runs_folder, show_rows
from gan_core.config import read_bounded
from gan_core.latents import attribute_search, saved_directions
from gan_core.latents.attribute_directions import apart
from gan_core.latents.directions import Method
from gan_core.latents.saved_directions import Direction, FoundBy
from gan_core.runs import Run, files


class By(StrEnum):
    """How a direction is found, as `--by` names it."""

    PCA = "pca"
    SEFA = "sefa"
    RAW = "raw"
    ATTRIBUTE = "attribute"
    SAVED = "saved"


FOUND_BY: dict[By, FoundBy] = {
    By.PCA: "pca",
    By.SEFA: "sefa",
    By.RAW: "raw",
    By.ATTRIBUTE: "attribute",
    By.SAVED: "sum",
}
METHODS: dict[By, Method] = {By.PCA: "pca", By.SEFA: "sefa", By.RAW: "raw"}
Vectors = dict[str, tuple[npt.NDArray[np.float32], str]]
"""What `--along` calls a direction -> vector (latent_dim,) and what is known of it."""


def list_directions(runs_dir: RunsDir = None, as_json: AsJson = False) -> None:
    """List the saved directions, the newest first."""
    rows = [
        {"id": one.id, "name": one.name, "run": one.run_name, "run_id": one.run_id, "step": one.step}
        | {"found_by": one.found_by, "numbers": one.latent_dim, "note": one.note}
        for one in saved_directions.list_directions(runs_folder(runs_dir))
    ]
    show_rows(rows, ("id", "name", "run", "step", "found_by", "numbers"), as_json)


def save_direction(
    run: RunName,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Your name for it.")],
    along: Annotated[
        list[str],
        typer.Option(
            metavar="WHICH[=OFFSET]",
            help="A direction: its number from 1 (pca, sefa), its place in z from 0 (raw), an attribute, or a saved one's name. "
            "With offsets, as sliders have them, the sum; may be repeated.",
        ),
    ],
    by: Annotated[By, typer.Option(help="How the directions are found.")] = By.PCA,
    hold: Annotated[
        bool, typer.Option("--hold", help="Remove from each attribute's direction what it shares with the others.")
    ] = False,
    step: Annotated[int | None, typer.Option(help="Checkpoint to search in; the newest if not given.")] = None,
    images: Annotated[
        int, typer.Option(help="Random latents, or for a VAE training images, that attributes are found from.", min=100)
    ] = attribute_search.NUM_IMAGES,
    runs_dir: RunsDir = None,
) -> None:
    """Find a direction in a run's latent space and keep it under a name, as the page Explore does."""
    if hold and by != By.ATTRIBUTE:
        raise ValueError(f"--hold is for --by attribute; got --by {by}.")
    folder = runs_folder(runs_dir)
    found = runs.find(folder, run)
    wanted = _offsets(along)
    at, there = (
        _attributes(found, step, images) if by == By.ATTRIBUTE else _vectors(found, by, step, folder, list(wanted))
    )
    missing = [which for which in wanted if which not in there]
    if missing:
        raise ValueError(
            f"There is no direction {', '.join(missing)} by {by}. Choose from: {', '.join(there) or 'none were found'}."
        )
    vectors = np.stack([there[which][0] for which in wanted])
    if hold:
        vectors = apart(vectors)
    found_by: FoundBy = "sum"
    known, vector = "", np.array([offset or 0.0 for offset in wanted.values()], np.float32) @ vectors
    if None in wanted.values():  # the only one, as it is
        found_by, known, vector = FOUND_BY[by], there[next(iter(wanted))][1], vectors[0]
    kept = saved_directions.save(
        folder, Direction(name, found.id, found.name, at, tuple(vector.tolist()), found_by, known)
    )
    words = f"{kept.name}: saved as {kept.id}, {kept.latent_dim} numbers, from {found.name} at step {at:,}"
    console.print(escape(f"{words}. {known}".strip()), soft_wrap=True)


def export_directions(
    out: Annotated[Path, typer.Option(help="JSON file to write.")],
    names: Annotated[
        list[str] | None, typer.Argument(metavar="NAME", help="Ids or names; all if none is given.")
    ] = None,
    runs_dir: RunsDir = None,
) -> None:
    """Write saved directions to a file that another installation imports."""
    folder = runs_folder(runs_dir)
    every = saved_directions.list_directions(folder)
    chosen = [the_direction(every, name) for name in names] if names else every
    if not chosen:
        raise ValueError("There are no saved directions to write.")
    files.write_atomically(out.absolute(), saved_directions.exported(chosen))
    console.print(escape(f"{out}: {len(chosen)} {'direction' if len(chosen) == 1 else 'directions'}"), soft_wrap=True)


def import_directions(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="As `export-directions` writes them.")],
    runs_dir: RunsDir = None,
) -> None:
    """Keep the directions of a file. One whose name its model has already is refused; the others are kept."""
    folder, refusals = runs_folder(runs_dir), []
    for direction in saved_directions.imported(read_bounded(file, saved_directions.MAX_BYTES)):
        try:
            kept = saved_directions.save(folder, direction)
        except ValueError as refusal:
            refusals.append(str(refusal))
        else:
            console.print(escape(f"{kept.name}: saved as {kept.id}"), soft_wrap=True)
    if refusals:
        raise ValueError(" ".join(refusals))


def the_direction(there: list[Direction], name: str) -> Direction:
    """The saved direction of an id or a name. Raises ValueError for none, or several."""
    found = find_one(there, name, "directions")
    if found is None:
        raise ValueError(
            f"There is no saved direction '{name:.80}'. List what there is with: python -m gan_core directions."
        )
    return found


def _offsets(along: list[str]) -> dict[str, float | None]:
    """Direction -> its offset, None for the direction itself.

    Raises:
        ValueError: an offset that is no number, one direction twice, or several without offsets.
    """
    parts = [text.partition("=") for text in along]
    try:
        wanted = {which.strip(): float(offset) if equals else None for which, equals, offset in parts}
    except ValueError:
        raise ValueError(f"--along takes WHICH or WHICH=OFFSET, such as 1=2.5; got {', '.join(along)}.") from None
    if len(wanted) < len(along):
        raise ValueError(f"--along names each direction once; got {', '.join(along)}.")
    if len(wanted) > 1 and None in wanted.values():
        raise ValueError("Several directions are saved as their sum: give each an offset, such as --along 1=2.5.")
    return wanted


def _vectors(run: Run, by: By, step: int | None, folder: Path, wanted: list[str]) -> tuple[int, Vectors]:
    """The step searched, and the directions there by their names for `--along`."""
    from gan_core.latents.directions import NUM_DIRECTIONS, find_directions
    from gan_core.runs.sampler import open_sampler

    sampler = open_sampler(run, step)
    if by == By.SAVED:
        every = saved_directions.list_directions(folder)
        chosen = {name: the_direction(every, name) for name in wanted}
        for direction in chosen.values():
            saved_directions.check_fits(direction, sampler.latent_dim, run.name)
        return sampler.step, {name: (np.array(one.vector, np.float32), one.note) for name, one in chosen.items()}
    first = 0 if by == By.RAW else 1
    last = max((int(which) for which in wanted if which.isdecimal()), default=0)
    vectors, _stretches = find_directions(sampler, METHODS[by], max(NUM_DIRECTIONS, last + 1 - first))
    return sampler.step, {str(first + place): (vector, "") for place, vector in enumerate(vectors)}


def _attributes(run: Run, step: int | None, count: int) -> tuple[int, Vectors]:
    """The step searched, and each attribute's direction with how accurate it is; what could not be found is told."""
    from gan_core.jobs.task_worker import cached

    at = run.chosen_step(step)
    with bar("Labelling") if console.is_terminal else nullcontext(lambda done, total, detail: None) as move:
        found = cached(
            attribute_search.task(run, at, count),
            lambda stage, done=0, total=0, value=None: move(done, max(1, total), stage),
        )
    for name, why in zip(found["refused_names"], found["refusals"], strict=True):
        console.print(escape(f"{name}: {why}"), soft_wrap=True)
    return at, {one.name: (one.vector, one.accuracy) for one in attribute_search.directions(found)}
