"""Pictures of a run for a hand-in: numbered samples, the plane of a VAE, a walk between latents as a film."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import IO

import numpy as np
from PIL import Image

from gan_core.analysis import film
from gan_core.datasets import DATASETS, conditions
from gan_core.exchange import output
from gan_core.exchange.run_zip import EARLIEST
from gan_core.figures import imaging
from gan_core.latents.interpolation import FloatArray, plane, slerp
from gan_core.runs import Run
from gan_core.runs.autoencoder import open_autoencoder
from gan_core.runs.sampler import Sampler, Uint8Array, numbered_latents, open_sampler

MAX_SAMPLES, MAX_SIDE, MAX_STOPS = 10_000, 64, 24
FRAMES_BETWEEN = 24  # pictures from one stop of a walk to the next
WALK_PX = 384  # about; small pictures are enlarged by a whole number


def write_samples(run: Run, path: Path, *, step: int | None = None, count: int | None = None, seed: int = 0) -> str:
    """Writes samples as a zip of PNGs, numbered from 0: `images/test/0.png`, `images/test/1.png` ...

    A model of objects draws the conditions of the test lists, in their order: `images/test/` and `images/new_test/`.

    Args:
        run, path: of which run, to which new file.
        step: checkpoint; the newest if None.
        count: how many of each; by default all of a list, else 32.
        seed: of the latents.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: the run draws points, a count out of bounds, no checkpoint; `output.new`.
    """
    sampler = _of_images(run, step)
    if count is not None and not 1 <= count <= MAX_SAMPLES:
        raise ValueError(f"--count must lie between 1 and {MAX_SAMPLES:,}; got {count:,}.")
    drawn = numbered(sampler, count, seed)
    with output.new(path) as place, place.open("wb") as file:
        write_zip(file, drawn)
    held = ", ".join(f"{len(images):,} in images/{name}" for name, images in drawn.items())
    return f"samples of '{run.name}' at step {sampler.step:,}, seed {seed}: {held}"


def write_zip(file: IO[bytes], drawn: Mapping[str, Uint8Array]) -> None:
    """Writes images uint8 (N, C, H, W) by the name of their folder as a zip of numbered PNGs: `images/NAME/0.png` ..."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, images in drawn.items():
            for number, image in enumerate(images):
                add(archive, f"images/{name}/{number}.png", imaging.png_bytes(imaging.to_picture(image)))


def add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    """A file in a zip, of no date, so that equal files make equal zips."""
    entry = zipfile.ZipInfo(name, EARLIEST)
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def numbered(sampler: Sampler, count: int | None, seed: int) -> dict[str, Uint8Array]:
    """Folder -> the pictures that `write_samples` puts into it, uint8 (N, C, H, W)."""
    conditioning = sampler.config.conditioning
    if conditions.kind_of(conditioning) != "objects":
        return {"test": sampler.draw(count or 32, seed)}
    drawn: dict[str, Uint8Array] = {}
    for which in conditions.LISTS:
        listed = conditions.listed_conditions(sampler.config, which)[:count]
        if listed:
            labels = conditions.rows_of(listed, conditioning.labels)
            drawn[which] = sampler.draw(len(labels), seed, labels)
    return drawn


def write_plane(
    run: Run, path: Path, *, step: int | None = None, axes: Sequence[int] = (0, 1), count: int | None = None
) -> str:
    """Writes what a VAE's decoder makes of the plane of two latent axes, as one PNG (see `latents.interpolation.plane`).

    Args:
        run, path, step: as `write_samples`.
        axes: numbers of the axis to the right and of the axis downwards.
        count: pictures in a row and in a column; 20 if None.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: the run is no VAE, axes that it does not have, a count out of bounds, no checkpoint; `output.new`.
    """
    model, side = open_autoencoder(run, step), 20 if count is None else count
    if not 2 <= side <= MAX_SIDE:
        raise ValueError(f"--count must lie between 2 and {MAX_SIDE} pictures a row; got {side}.")
    images = model.decode(plane(model.config.network.latent_dim, axes, side))
    with output.new(path) as place:
        place.write_bytes(imaging.png_bytes(imaging.to_picture(imaging.grid(images, columns=side, gap_px=0))))
    right, down = axes
    return f"{side}x{side} pictures of '{run.name}' at step {model.step:,}: latent axis {right} to the right, {down} downwards"


def write_walk(
    run: Run,
    path: Path,
    *,
    step: int | None = None,
    seeds: Sequence[int] = (),
    pictures: Sequence[Path] = (),
    labels: Sequence[float] | None = None,
    fps: int = 12,
) -> str:
    """Writes a walk from latent to latent along great circles, as a film: MP4 or GIF, by the ending of the name.

    Args:
        run, path, step: as `write_samples`.
        seeds: of the latents; 0, 1, 2 if there are no pictures either.
        pictures: files, in the seeds' place; a VAE walks between the latents that it encodes them as.
        labels: of all pictures, (L,); those of the run's first sample if None.
        fps: pictures a second.

    Returns:
        What it holds, in words.

    Raises:
        ValueError: seeds and pictures, fewer than two of them or too many, pictures for a run that is no VAE, a file that is
            no picture, a run that draws points, no checkpoint; `output.new`.
    """
    if seeds and pictures:
        raise ValueError("A walk goes between seeds or between pictures, not both. Give --seeds or --picture.")
    stops = pictures or seeds or (0, 1, 2)
    if not 2 <= len(stops) <= MAX_STOPS:
        raise ValueError(f"A walk has 2 to {MAX_STOPS} stops; got {len(stops)}.")
    if not film.MIN_FPS <= fps <= film.MAX_FPS:
        raise ValueError(f"A film shows {film.MIN_FPS} to {film.MAX_FPS} pictures a second; got {fps}.")
    sampler = _of_images(run, step)
    latents = (
        _encoded(run, step, pictures) if pictures else numbered_latents([*(seeds or (0, 1, 2))], sampler.latent_dim)
    )
    legs = [slerp(a, b, FRAMES_BETWEEN + 1)[:-1] for a, b in pairwise(latents)]
    way = np.concatenate([*legs, latents[-1:]])
    row = sampler.some_labels(1) if labels is None else np.array([labels], np.float32)
    content, _size = film.encode(_frames(sampler, way, row), path.suffix.lower().removeprefix("."), fps)
    with output.new(path) as place:
        place.write_bytes(content)
    return f"{len(way)} pictures between {len(stops)} latents of '{run.name}' at step {sampler.step:,}, {len(content):,} bytes"


def _of_images(run: Run, step: int | None) -> Sampler:
    sampler = open_sampler(run, step)
    if DATASETS[sampler.config.dataset.name].domain == "points":
        raise ValueError(f"The run '{run.name}' draws points, not pictures. Export its metrics, or the run itself.")
    return sampler


def _encoded(run: Run, step: int | None, pictures: Sequence[Path]) -> FloatArray:
    model = open_autoencoder(run, step)
    data, images = model.config.dataset, []
    for file in pictures:
        try:
            picture = imaging.resize_and_crop(imaging.open_picture(file, data.channels), data.image_size)
        except ValueError as refusal:
            raise ValueError(f"{file}: {refusal}") from None
        images.append(np.asarray(picture).reshape(data.image_size, data.image_size, data.channels).transpose(2, 0, 1))
    return model.encode(np.stack(images))


def _frames(sampler: Sampler, way: FloatArray, row: FloatArray) -> Iterator[Image.Image]:
    """The pictures of a way, enlarged by a whole number to even sides, as films want them."""
    factor = 2 * max(1, WALK_PX // sampler.config.dataset.image_size // 2)
    for z in way:
        picture = imaging.to_picture(sampler.images(z[None], row)[0]).convert("RGB")
        yield picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
