"""Repeats a recorded step of a run: the same weights, batch and random numbers, so the same values. Loads torch.

A checkpoint holds weights, optimisers and random state, and the batch of a step is a pure function of the seed: so the step
after a checkpoint can be repeated, and its intermediate values recorded.
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
    """The values of a repeated step.

    Attributes:
        step: which one, counted from 1 as in the log.
        checkpoint: the step whose checkpoint it began from.
        metrics: name -> value, rounded as in the log.
        inputs: float32 arrays: "real", "fake", "generator": D's logits (N,); "slopes": norms of D's gradient at the penalty's points (N,);
            "real_samples", "fake_samples": D's inputs (N, ...); "mean" and "log_variance": the encoder's outputs
            (N, latent_dim). Those that the model has.
    """

    step: int
    checkpoint: int
    metrics: Mapping[str, float]
    inputs: Mapping[str, FloatArray]


def replay(run: Run) -> Replay:
    """The step after the last checkpoint that one came after; in an n-critic game the first at which G moves, too.

    Raises:
        ValueError: if there is no such checkpoint, it is damaged or without optimisers, or the run was trained on another device.
    """
    config = run.config()
    if config.training.device != "cpu":
        raise ValueError(
            f"The run '{run.name}' was trained on {config.training.device}, whose results a CPU does not reproduce exactly."
        )
    dataset = datasets.prepare(config.dataset).with_labels(config.conditioning.labels)
    total, n_critic = total_steps(config, len(dataset)), config.objective.n_critic
    usable = [step for step in run.trainable_steps() if 0 < step <= total - n_critic] or run.trainable_steps()[:1]
    if not usable:
        raise ValueError(f"The run '{run.name}' has no checkpoint from which a step can be repeated.")
    fabric, start = make_fabric(config), usable[-1]
    model = build(config, "cpu")
    checkpoints.load(run, start, model)
    set_up(fabric, model)
    training, packing = config.training, config.remedies.packing
    batches = Batches(dataset, training.batch_size, training.seed, packing=packing)
    step = start
    while True:
        recorder = _StepRecorder(model)
        images, labels = batches.batch(step)
        metrics = train_step(fabric, model, images, labels, TrainingProgress(step, total))
        step += 1
        recorder.close()
        if step % n_critic == 0:
            break
    if config.recording.probe_every_steps and step % config.recording.probe_every_steps == 0:
        metrics |= model.probe()  # type: ignore[attr-defined]
    values = {name: float(f"{float(value):.6g}") for name, value in metrics.items()}  # as the log rounds them
    return Replay(step, start, values, {name: found.cpu().float().numpy() for name, found in recorder.inputs().items()})


class _StepRecorder:
    """Records inputs and outputs of D (or of the encoder) during one step, without changing it; nothing of a denoiser."""

    def __init__(self, model: GenerativeModel) -> None:
        network = model.networks.get("discriminator") or model.networks.get("encoder")
        self._outputs: list[tuple[Tensor, ...]] = []
        self._given: list[Tensor] = []
        self._slopes: list[Tensor] = []
        self._hook = network.register_forward_hook(self._record) if network else None
        self._model = model
        self._penalty = model.penalty if isinstance(model, GAN) else None
        if isinstance(model, GAN) and model.penalty is not None:
            model.penalty = replace(model.penalty, compute=self._recorded(model.penalty.compute))

    def _record(self, network: torch.nn.Module, given: tuple[Tensor, ...], made: tuple[Tensor, ...]) -> None:
        self._given.append(given[0].detach())
        self._outputs.append(made)

    def _recorded(self, compute: Any) -> Any:
        def recording_penalty(critic: Any, real: Tensor, fake: Tensor, rng: torch.Generator) -> Tensor:
            def recording_critic(x: Tensor) -> Tensor:
                logits: Tensor = critic(x)
                (slopes,) = torch.autograd.grad(logits.sum(), x, retain_graph=True)
                self._slopes.append(slopes.detach().flatten(1).norm(dim=1))
                return logits

            penalty: Tensor = compute(recording_critic, real, fake, rng)
            return penalty

        return recording_penalty

    def close(self) -> None:
        """Removes the hook and restores the penalty."""
        if self._hook:
            self._hook.remove()
        if isinstance(self._model, GAN):
            self._model.penalty = self._penalty

    def inputs(self) -> dict[str, Tensor]:
        """The recorded tensors, as in `Replay.inputs`."""
        if not self._outputs:  # a denoiser has neither
            return {}
        if not isinstance(self._model, GAN):
            mean, log_variance = self._outputs[0]
            return {"mean": mean.detach(), "log_variance": log_variance.detach()}
        logits = {"real": self._outputs[0][0], "fake": self._outputs[1][0], "generator": self._outputs[-1][0]}
        found = {name: values.detach().float() for name, values in logits.items()}
        found |= {"real_samples": self._given[0], "fake_samples": self._given[1]}
        return found | ({"slopes": self._slopes[0]} if self._slopes else {})


def by_hand(path: str, inputs: FloatArray, count: int) -> list[tuple[float, float]]:
    """The first inputs of a mean, each with the function's value for it alone.

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


def largest_kl(replayed: Replay, count: int) -> list[tuple[float, float, float]]:
    """The latent dimensions with the largest KL for the step's first image: mean, standard deviation, and KL in nats.

    Args:
        replayed: a step of a VAE.
        count: how many.
    """
    mean, log_variance = replayed.inputs["mean"][0], replayed.inputs["log_variance"][0]
    each = 0.5 * (mean**2 + np.exp(log_variance) - 1 - log_variance)
    largest = np.argsort(-each, kind="stable")[:count]
    return [(float(mean[j]), float(np.exp(log_variance[j] / 2)), float(each[j])) for j in largest]


def samples_with_outputs(replayed: Replay, which: str, count: int) -> tuple[npt.NDArray[np.uint8], FloatArray] | None:
    """The first "real" or "fake" images of the step, uint8 (count, C, H, W), and D's probability of "real" for each.

    None where D's inputs are no images, or the model has no D.
    """
    samples = replayed.inputs.get(f"{which}_samples")
    if samples is None or samples.ndim != 4:
        return None
    return to_uint8(torch.from_numpy(samples[:count])), probabilities(replayed.inputs[which][:count])


def squared_distance_from_one(norms: Tensor) -> Tensor:
    """The mean of (norm - 1)^2, as in `gan_core.models.penalties.gradient_penalty`."""
    return (norms - 1).square().mean()


def half_square(norms: Tensor) -> Tensor:
    """The mean of norm^2 / 2, as in `gan_core.models.penalties.r1_penalty`."""
    return norms.square().mean() / 2
