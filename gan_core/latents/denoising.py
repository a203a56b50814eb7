"""Drawing out of noise in steps: the way itself, other dials, a picture half way, and the flow of points.

For models whose kind `draws_in_steps`; the mathematics is in `gan_core.models.diffusion`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_core.config import with_changes
from gan_core.datasets import image_shape
from gan_core.datasets.batches import to_signed, to_uint8
from gan_core.models.compatibility import RULES
from gan_core.models.diffusion import Process, guided, walk
from gan_core.runs.sampler import Sampler, latents

MOST_MOMENTS = 51  # of a way; of a longer one so many are kept, spread evenly

FloatArray = npt.NDArray[np.float32]
Uint8Array = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Way:
    """Moments on the way from noise to a sample.

    Attributes:
        times: (K,), falling to 0.
        noisy: uint8 (K, C, H, W), the picture at each time, cut to the range of pictures.
        clean: uint8 (K, C, H, W), what the model takes it for at that time.
    """

    times: tuple[int, ...]
    noisy: Uint8Array
    clean: Uint8Array


@dataclass(frozen=True)
class Flow:
    """Points that flow, and the score about them.

    Attributes:
        times: (K,).
        points: float32 (K, N, 2).
        places: float32 (M, 2), where the score is taken.
        scores: float32 (K, M, 2), the gradient of log p_t there.
    """

    times: tuple[int, ...]
    points: FloatArray
    places: FloatArray
    scores: FloatArray


def with_dials(model: Sampler, **dials: float) -> Sampler:
    """The same model with other settings of its sampler: `sampling_steps`, `eta`, `guidance`.

    Raises ValueError if one is outside its bounds or the model cannot take it, such as guidance without labels.
    """
    config = with_changes(model.config, {f"diffusion.{name}": value for name, value in dials.items()})
    for rule in RULES:
        rule.check(config)
    return replace(model, config=config)


def way(model: Sampler, z: FloatArray, labels: FloatArray) -> Way:
    """The way from noise z (latent_dim,) to its sample, with labels (1, L)."""
    noise = torch.from_numpy(z).view(1, *image_shape(model.config.dataset))
    return _way(model, noise, labels, model.config.diffusion.steps)


def denoised(model: Sampler, picture: Uint8Array, t: int, labels: FloatArray, seed: int) -> Way:
    """A picture uint8 (C, H, W) with the noise of time t (from `seed`), and the way back, with labels (1, L).

    Raises ValueError if t is not between 1 and T.
    """
    process = Process.of(model.config.diffusion)
    if not 1 <= t <= process.steps:
        raise ValueError(f"Denoising starts at a step between 1 and {process.steps}; got {t}.")
    data = to_signed(torch.from_numpy(picture.copy()))[None]
    noise = torch.from_numpy(latents(1, model.latent_dim, seed)).view_as(data)
    return _way(model, process.noised(data, torch.tensor([t]), noise), labels, t)


def _way(model: Sampler, x: Tensor, labels: FloatArray, start: int) -> Way:
    diffusion = model.config.diffusion
    steps = max(1, round(diffusion.sampling_steps * start / diffusion.steps))
    times, noisy, clean = [start], [x], []
    with torch.inference_mode():
        moments = walk(model.config, model.network, x, torch.from_numpy(labels), steps, diffusion.eta, start)
        for moment in moments:  # each tells what the one before it was taken for
            times.append(moment.t)
            noisy.append(moment.x)
            clean.append(moment.data)
    kept = _spread(len(times))
    pictures = [to_uint8(torch.cat(parts)[kept]) for parts in (noisy, [*clean, noisy[-1]])]
    return Way(tuple(times[i] for i in kept), pictures[0], pictures[1])


def flow(model: Sampler, begin: FloatArray, places: FloatArray, *, to_data: bool) -> Flow:
    """How points flow along the score, without fresh noise: from noise to data, or back.

    Source: Song et al. 2021, "Denoising Diffusion Implicit Models", section 4.3: both are one differential equation.

    Args:
        begin: points (N, 2), noise or data.
        places: (M, 2), where the score is shown.
        to_data: from noise to data; else from data to noise.
    """
    config, x = model.config, torch.from_numpy(begin)
    process, steps = Process.of(config.diffusion), config.diffusion.sampling_steps
    labels = torch.from_numpy(model.some_labels(1))

    def predict(x: Tensor, t: Tensor) -> Tensor:
        return guided(model.network, process, labels.expand(len(x), -1), config.diffusion.guidance)(x, t)

    times, points = [process.steps if to_data else 0], [x]
    with torch.inference_mode():
        if to_data:
            moments = process.walk(predict, x, steps, 0.0, iter(()), clip=False)
        else:
            moments = process.invert(predict, x, steps, iterations=2)
        for moment in moments:
            times.append(moment.t)
            points.append(moment.x)
        kept = _spread(len(times))
        at = torch.from_numpy(places)
        scores = [process.score(predict, at, torch.full((len(at),), max(1, times[i]))) for i in kept]
    return Flow(tuple(times[i] for i in kept), torch.stack(points)[kept].numpy(), places, torch.stack(scores).numpy())


def _spread(count: int) -> Sequence[int]:
    """The numbers of at most MOST_MOMENTS of so many moments, both ends among them."""
    kept: list[int] = np.unique(np.linspace(0, count - 1, min(count, MOST_MOMENTS)).round().astype(int)).tolist()
    return kept
