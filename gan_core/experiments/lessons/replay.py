"""A recorded step of a run, made once more: the same weights, batch and random numbers, so the same values. Loads torch.

A checkpoint holds weights, optimisers and random state, and the batch of a step is a pure function of the seed: so the step
after a checkpoint can be made again, and whatever it computed on the way can be looked at.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from gan_core import datasets
from gan_core.config.registry import load
from gan_core.datasets.batches import Batches, to_uint8
from gan_core.models.base import GenerativeModel, TrainingProgress
from gan_core.models.building import build
from gan_core.models.gan import GAN
from gan_core.runs import Run, checkpoints
from gan_core.training.loop import make_fabric, set_up, train_step
from gan_core.training.plan import total_steps

FloatArray = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Replay:
    """What a step computed.

    Attributes:
        step: which one, counted from 1 as in the log.
        checkpoint: the step whose checkpoint it began from.
        metrics: name -> value, as the log would have them.
        inputs: float32 arrays: "real", "fake", "generator": D's logits (N,); "slopes": norms of D's gradient at the penalty's points (N,);
            "real_samples", "fake_samples": what D saw (N, ...); "mean" and "log_variance": the encoder's words
            (N, latent_dim). Those that the model has.
    """

    step: int
    checkpoint: int
    metrics: Mapping[str, float]
    inputs: Mapping[str, FloatArray]


def replay(run: Run) -> Replay:
    """The step after the last checkpoint that one came after; in an n-critic game the first at which G moves, too.

    Raises:
        ValueError: no such checkpoint, a damaged one, or one without optimisers; or it was trained on another device.
    """
    config = run.config()
    if config.training.device != "cpu":
        raise ValueError(
            f"The run '{run.name}' was trained on {config.training.device}, whose numbers a processor does not repeat."
        )
    dataset = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    total, n_critic = total_steps(config, len(dataset)), config.objective.n_critic
    there = [step for step in run.trainable_steps() if 0 < step <= total - n_critic] or run.trainable_steps()[:1]
    if not there:
        raise ValueError(f"The run '{run.name}' has no checkpoint from which a step can be made again.")
    fabric, start = make_fabric(config), there[-1]
    model = build(config, "cpu")
    checkpoints.load(run, start, model)
    set_up(fabric, model)
    batches = Batches(dataset, config.training.batch_size, config.training.seed)
    step = start
    while True:
        seen = _Seen(model)
        images, labels = batches.batch(step)
        metrics = train_step(fabric, model, images, labels, TrainingProgress(step, total))
        step += 1
        seen.close()
        if step % n_critic == 0:
            break
    if config.recording.probe_every_steps and step % config.recording.probe_every_steps == 0:
        metrics |= model.probe()  # type: ignore[attr-defined]
    values = {name: float(f"{float(value):.6g}") for name, value in metrics.items()}  # as the log rounds them
    return Replay(step, start, values, {name: found.cpu().float().numpy() for name, found in seen.inputs().items()})


class _Seen:
    """Looks over a model's shoulder during one step, and changes nothing."""

    def __init__(self, model: GenerativeModel) -> None:
        watched = model.networks.get("discriminator") or model.networks["encoder"]
        self._outputs: list[tuple[Tensor, ...]] = []
        self._given: list[Tensor] = []
        self._slopes: list[Tensor] = []
        self._hook = watched.register_forward_hook(self._look)
        self._model = model
        self._penalty = model.penalty if isinstance(model, GAN) else None
        if isinstance(model, GAN) and model.penalty is not None:
            model.penalty = replace(model.penalty, compute=self._watching(model.penalty.compute))

    def _look(self, network: torch.nn.Module, given: tuple[Tensor, ...], made: tuple[Tensor, ...]) -> None:
        self._given.append(given[0].detach())
        self._outputs.append(made)

    def _watching(self, compute: Any) -> Any:
        def watched(critic: Any, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
            def listening(x: Tensor) -> Tensor:
                logits: Tensor = critic(x)
                (slopes,) = torch.autograd.grad(logits.sum(), x, retain_graph=True)
                self._slopes.append(slopes.detach().flatten(1).norm(dim=1))
                return logits

            penalty: Tensor = compute(listening, real, fake, rng)
            return penalty

        return watched

    def close(self) -> None:
        """Takes its hook away."""
        self._hook.remove()
        if isinstance(self._model, GAN):
            self._model.penalty = self._penalty

    def inputs(self) -> dict[str, Tensor]:
        """What was seen, by name."""
        if not isinstance(self._model, GAN):
            mean, log_variance = self._outputs[0]
            return {"mean": mean.detach(), "log_variance": log_variance.detach()}
        seen = {"real": self._outputs[0][0], "fake": self._outputs[1][0], "generator": self._outputs[-1][0]}
        found = {name: logits.detach().float() for name, logits in seen.items()}
        found |= {"real_samples": self._given[0], "fake_samples": self._given[1]}
        return found | ({"slopes": self._slopes[0]} if self._slopes else {})


def by_hand(path: str, inputs: FloatArray, count: int) -> list[tuple[float, float]]:
    """The first few inputs of a mean, each with what our function makes of it alone.

    Args:
        path: import path of a function of logits (N,), or of norms.
        inputs: (N,).
        count: how many.
    """
    function = load(path)
    return [(float(value), float(function(value[None]))) for value in torch.from_numpy(inputs[:count])]


def probabilities(logits: FloatArray) -> FloatArray:
    """D's probability of "real" for logits of any shape: the sigmoid."""
    return torch.sigmoid(torch.from_numpy(logits)).numpy()


def costliest_dimensions(again: Replay, count: int) -> list[tuple[float, float, float]]:
    """The dimensions of the step's first image that cost most KL: mean, standard deviation, and KL in nats of each.

    Args:
        again: of a VAE.
        count: how many.
    """
    mean, log_variance = again.inputs["mean"][0], again.inputs["log_variance"][0]
    each = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    costliest = np.argsort(-each, kind="stable")[:count]
    return [(float(mean[j]), float(np.exp(log_variance[j] / 2)), float(each[j])) for j in costliest]


def drawn_and_judged(again: Replay, which: str, count: int) -> tuple[npt.NDArray[np.uint8], FloatArray] | None:
    """The first "real" or "fake" images of the step, uint8 (count, C, H, W), and D's probability of "real" for each.

    None where D saw no images: points, or a model without D.
    """
    samples = again.inputs.get(f"{which}_samples")
    if samples is None or samples.ndim != 4:
        return None
    return to_uint8(torch.from_numpy(samples[:count])), probabilities(again.inputs[which][:count])


def squared_distance_from_one(norms: Tensor) -> Tensor:
    """What a slope costs in `gan_core.models.penalties.gradient_penalty`: the mean of (norm - 1)^2."""
    return (norms - 1).square().mean()


def half_square(norms: Tensor) -> Tensor:
    """What a slope costs in `gan_core.models.penalties.r1_penalty`: the mean of norm^2 / 2."""
    return norms.square().mean() / 2
