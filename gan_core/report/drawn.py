"""The parts of a report that the model draws for it, at its newest checkpoint: grids, strips, pairs. Torch is loaded on use."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from PIL import Image

from gan_core import datasets
from gan_core.datasets import conditions
from gan_core.figures import imaging, latent_map
from gan_core.figures.sheets import Line, contact_sheet
from gan_core.latents.interpolation import lerp, slerp
from gan_core.models.kinds import kind_of
from gan_core.report.document import Part
from gan_core.report.parts import PartEntry, _
from gan_core.report.source import Reported
from gan_core.runs import evaluations

SEED = 0  # of every latent here
BESIDE, PAIRS = 32, 10
A_CLASS, MOST_CLASSES = 10, 10
MOMENTS = 8  # of a strip
ETAS = (0.0, 0.25, 0.5, 0.75, 1.0)
FAVOURITE = "Male"  # the attribute that report R5 turns


def samples(r: Reported) -> list[Part]:
    """A grid of new samples."""
    from gan_core.runs.sampler import latents

    _, sampler = r.translate, r.sampler
    sheet = sampler.sheet(latents(r.count, sampler.latent_dim, SEED))
    words = _("{n} samples at step {step:,}, seed {seed}.")
    return [r.picture("samples", words.format(n=r.count, step=sampler.step, seed=SEED), sheet)]


def real_beside_generated(r: Reported) -> list[Part]:
    """Images of the data beside as many samples."""
    from gan_core.runs import beside

    _ = r.translate
    pair = beside.real_beside_generated(r.sampler, BESIDE, SEED)
    kinds = {"test": _("test images"), "left_over": _("images it never saw"), "training": _("training images")}
    words = _("Left: {n:,} {kind}. Right: as many samples, seed {seed}.")
    wide = Image.new("RGB", (pair.real.width + pair.generated.width + 12, pair.real.height), "white")
    wide.paste(pair.real.convert("RGB"), (0, 0))
    wide.paste(pair.generated.convert("RGB"), (pair.real.width + 12, 0))
    return [r.picture("beside", words.format(n=pair.count, kind=kinds[pair.kind], seed=SEED), wide)]


def condition_grids(r: Reported) -> list[Part]:
    """The conditions of both test lists, 8 in a row, each with what was asked for below."""
    _, sampler, names = r.translate, r.sampler, r.config.conditioning.labels
    parts = list[Part]()
    for which in conditions.LISTS:
        listed = conditions.listed_conditions(r.config, which)
        if not listed:
            raise ValueError(
                _("The model knows too few of the 24 objects for any condition of {which}.json.").format(which=which)
            )
        drawn = sampler.draw(len(listed), SEED, conditions.rows_of(listed, names))
        score = next((f"{one.hits}/{one.requested} = {one.value:.3f}" for one in evaluations.latest(r.run)
                      if one.metric == f"accuracy/{which}" and one.step == sampler.step and one.requested), "")  # fmt: skip
        words = _("The {n} conditions of {which}.json at step {step:,}, seed {seed}.")
        caption = words.format(n=len(listed), which=which, step=sampler.step, seed=SEED)
        if score:
            caption += " " + _("Evaluator, latents of the run's own seed: {score}.").format(score=score)
        sheet = contact_sheet(drawn, [[Line(name) for name in condition] for condition in listed], [], columns=8)
        parts.append(r.picture(f"conditions_{which}", caption, sheet))
    return parts


def class_grid(r: Reported) -> list[Part]:
    """A row of samples of every class, the same latents in every row."""
    _, names = r.translate, r.config.conditioning.labels
    count = min(len(names), MOST_CLASSES)
    rows = conditions.class_rows(len(names), A_CLASS)[: count * A_CLASS]
    images = r.sampler.draw_labelled(rows, SEED, A_CLASS)
    words = _("{n} samples of each class, a class a row, from the same {n} latents: {names}.")
    caption = words.format(n=A_CLASS, names=_(", ").join(names[:count]))
    return [r.picture("classes", caption, imaging.to_picture(imaging.grid(images, columns=A_CLASS)))]


def attribute_pairs(r: Reported) -> list[Part]:
    """Pairs from the same latents that differ in one attribute."""
    _, names = r.translate, r.config.conditioning.labels
    column = names.index(FAVOURITE) if FAVOURITE in names else 0
    without, with_it = conditions.flipped(r.sampler.some_labels(PAIRS), column)
    images = np.concatenate([r.sampler.draw_labelled(rows, SEED, PAIRS) for rows in (without, with_it)])
    words = _("{n} pairs, each from one latent: above without '{name}', below with it.")
    caption = words.format(n=PAIRS, name=names[column])
    return [r.picture("pairs", caption, imaging.to_picture(imaging.grid(images, columns=PAIRS)))]


def reconstructions(r: Reported) -> list[Part]:
    """Held-out images above their reconstructions, with the error over more of them."""
    _ = r.translate
    found, latents, errors = r.encoded
    images = np.asarray(found.images[:PAIRS])
    shown = np.concatenate([images, r.autoencoder.decode(latents[:PAIRS])])
    words = _(
        "{n} images it never saw, the original above its reconstruction. Mean squared error {error:.4f} over {count:,}."
    )
    caption = words.format(n=len(images), error=float(errors.mean()), count=len(errors))
    return [r.picture("reconstructions", caption, imaging.to_picture(imaging.grid(shown, columns=len(images))))]


def latent_plane(r: Reported) -> list[Part]:
    """Latents of held-out images by t-SNE, coloured by a label."""
    from gan_core.latents.embedding import tsne

    _ = r.translate
    found, latents, _errors = r.encoded
    points, _kl = tsne(latents, min(30.0, (len(latents) - 2) / 3), SEED)
    names, labels = list(found.label_names), np.asarray(found.labels)
    if not names:
        groups, shown = np.zeros(len(points), np.int64), [_("images")]
    elif datasets.DATASETS[r.config.dataset.name].exclusive_labels:
        groups, shown = labels.argmax(1).astype(np.int64), names
    else:
        column = names.index(FAVOURITE) if FAVOURITE in names else 0
        groups = labels[:, column].astype(np.int64)
        shown = [_("without {name}").format(name=names[column]), names[column]]
    words = _("Latents of {n:,} images it never saw, by t-SNE, coloured by their labels.")
    return [r.chart("latents", words.format(n=len(points)), latent_map.map_figure(points, groups, shown))]


def process_strip(r: Reported) -> list[Part]:
    """From noise to a sample: above the picture as it is, below what the model takes it for."""
    from gan_core.latents import denoising
    from gan_core.runs.sampler import latents

    _ = r.translate
    way = denoising.way(r.sampler, latents(1, r.sampler.latent_dim, SEED)[0], r.sampler.some_labels(1))
    kept = np.linspace(0, len(way.times) - 1, min(MOMENTS, len(way.times))).round().astype(int)
    images = np.concatenate([way.noisy[kept], way.clean[kept]])
    words = _(
        "From noise to a sample, at t = {times}. Above: the noisy picture. Below: the finished picture that the model predicts."
    )
    caption = words.format(times=", ".join(str(way.times[i]) for i in kept))
    return [r.picture("process", caption, imaging.to_picture(imaging.grid(images, columns=len(kept))))]


def eta_grid(r: Reported) -> list[Part]:
    """The same noise with more and more fresh noise in each step."""
    from gan_core.latents.denoising import with_dials

    _ = r.translate
    images = np.concatenate([with_dials(r.sampler, eta=eta).draw(4, SEED) for eta in ETAS])
    words = _("The same 4 noises in every row, at eta = {etas}, {n} steps.")
    caption = words.format(etas=", ".join(f"{eta:g}" for eta in ETAS), n=r.config.diffusion.sampling_steps)
    return [r.picture("eta", caption, imaging.to_picture(imaging.grid(images, columns=4)))]


def between_latents(r: Reported) -> list[Part]:
    """From one latent to another: along the great circle, and along the straight line."""
    from gan_core.runs.sampler import latents

    _, sampler = r.translate, r.sampler
    start, end = latents(2, sampler.latent_dim, SEED)
    ways = np.concatenate([way(start, end, MOMENTS + 3) for way in (slerp, lerp)])
    labels = np.repeat(sampler.some_labels(1), len(ways), axis=0)
    sheet = imaging.grid(sampler.images(ways, labels), columns=MOMENTS + 3)
    words = _("Between two latents in {n} equal steps. Above: spherical (slerp). Below: linear (lerp).")
    return [r.picture("between", words.format(n=MOMENTS + 2), imaging.to_picture(sheet))]


def of_images(r: Reported) -> bool:
    """Whether it draws pictures, not points."""
    return datasets.DATASETS[r.config.dataset.name].domain == "images"


def labelled(wanted: conditions.Kind) -> Callable[[Reported], bool]:
    """Whether its pictures have labels of this kind."""
    return lambda r: of_images(r) and conditions.kind_of(r.config.conditioning) == wanted


def in_steps(r: Reported) -> bool:
    """Whether it draws pictures in steps, out of noise."""
    return of_images(r) and kind_of(r.config).draws_in_steps


def _encodes(r: Reported) -> bool:
    return kind_of(r.config).encodes


DRAWN = {
    "samples": PartEntry(_("Samples"), samples),
    "real_beside_generated": PartEntry(_("Real beside generated"), real_beside_generated),
    "condition_grids": PartEntry(_("The test conditions"), condition_grids, labelled("objects")),
    "class_grid": PartEntry(_("Samples by class"), class_grid, labelled("classes")),
    "attribute_pairs": PartEntry(_("Attribute pairs"), attribute_pairs, labelled("attributes")),
    "reconstructions": PartEntry(_("Reconstructions"), reconstructions, _encodes),
    "latent_plane": PartEntry(_("Map of the latents"), latent_plane, _encodes),
    "process_strip": PartEntry(_("From noise to a sample"), process_strip, in_steps),
    "eta_grid": PartEntry(_("Fresh noise while sampling"), eta_grid, in_steps),
    "between_latents": PartEntry(_("Between two latents"), between_latents, of_images),
}
