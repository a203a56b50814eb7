"""Denoising diffusion: data become noise step by step, and a network learns the way back.

Sources: Ho et al. 2020, "Denoising Diffusion Probabilistic Models" (DDPM); Nichol and Dhariwal 2021, "Improved Denoising
Diffusion Probabilistic Models" (the cosine schedule); Song et al. 2021, "Denoising Diffusion Implicit Models" (DDIM, the
sampler); Salimans and Ho 2022, "Progressive Distillation" (v); Ho and Salimans 2022, "Classifier-Free Diffusion Guidance".

x_0 is data, x_T noise, and alpha_bar_t the share of x_0's variance that is left in x_t. The latent z of a sample is its x_T.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_core.config import DiffusionConfig, RunConfig, with_changes
from gan_core.datasets import image_shape
from gan_core.models import posthoc_ema
from gan_core.models.base import GenerativeModel, Metrics, TrainingProgress, Update, unwrapped
from gan_core.models.networks.initialisation import load_module, materialised
from gan_core.models.optimizers import build_optimizer, running_average
from gan_core.processes import shards

MOST_NOISE = 0.999  # the largest beta: with 1 nothing of x_0 would be left to divide by
QUARTERS, PROBED = 4, 16  # parts of the process whose loss is measured, and images that it is measured on
DRAWN, EDGE = 4, 0.99  # samples whose values beyond the edge are counted where guidance could push them there

Predict = Callable[[Tensor, Tensor], Tensor]
"""(x_t (N, ...), t (N,)) -> what the network says of them: the noise, x_0 or v."""


def alpha_bars(schedule: str, steps: int) -> Tensor:
    """alpha_bar_t for t = 0 to `steps`, float64 (steps + 1,), falling from 1.

    "linear": Ho et al. 2020, section 4, beta from 0.0001 to 0.02 in 1,000 steps; other numbers of steps take betas as much
    larger as they are fewer. "cosine": Nichol and Dhariwal 2021, equation 17, with s = 0.008. No beta exceeds MOST_NOISE.
    """
    if schedule == "linear":
        betas = torch.linspace(1e-4, 0.02, steps, dtype=torch.float64) * (1000 / steps)
    else:
        share = torch.arange(steps + 1, dtype=torch.float64) / steps
        curve = torch.cos((share + 0.008) / 1.008 * math.pi / 2) ** 2
        betas = 1 - curve[1:] / curve[:-1]
    kept = torch.cumprod(1 - betas.clamp(max=MOST_NOISE), 0)
    return torch.cat([torch.ones(1, dtype=torch.float64), kept])


def timeline(start: int, sampling_steps: int) -> list[int]:
    """The times that a sampler visits, `sampling_steps` + 1 of them spread evenly from `start` down to 0."""
    return [round(start * left / sampling_steps) for left in range(sampling_steps, -1, -1)]


@dataclass(frozen=True)
class Moment:
    """A moment of the way: the time, x there (N, ...), and the x_0 (N, ...) that it is thought to come from."""

    t: int
    x: Tensor
    data: Tensor


@dataclass(frozen=True)
class Process:
    """The process that makes x_t of x_0, and what its steps back are.

    Attributes:
        objective: what the network predicts: "epsilon" (the noise), "x0" or "v".
        alpha_bars: as of `alpha_bars`, float64 (T + 1,), on the CPU.
        signal, spread: sqrt(alpha_bar_t) and sqrt(1 - alpha_bar_t), float32 (T + 1,), where samples are.
    """

    objective: str
    alpha_bars: Tensor
    signal: Tensor
    spread: Tensor

    @classmethod
    def of(cls, config: DiffusionConfig, device: str | torch.device = "cpu") -> Process:
        """The process of a configuration."""
        kept = alpha_bars(config.schedule, config.steps)
        return cls(config.objective, kept, kept.sqrt().float().to(device), (1 - kept).sqrt().float().to(device))

    @property
    def steps(self) -> int:
        """T."""
        return len(self.alpha_bars) - 1

    def _at(self, t: Tensor, samples: Tensor) -> tuple[Tensor, Tensor]:
        """Signal and spread at t (N,), in the shape in which they multiply samples (N, ...)."""
        shape = (-1, *[1] * (samples.dim() - 1))
        return self.signal[t].view(shape), self.spread[t].view(shape)

    def noised(self, data: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """x_t (N, ...) for x_0, times t (N,) from 0 to T and standard normal noise. Source: Ho et al. 2020, equation 4."""
        signal, spread = self._at(t, data)
        return signal * data + spread * noise

    def target(self, data: Tensor, t: Tensor, noise: Tensor) -> Tensor:
        """What the network is to say of x_t. Source for v: Salimans and Ho 2022, appendix D."""
        if self.objective == "epsilon":
            return noise
        if self.objective == "x0":
            return data
        signal, spread = self._at(t, data)
        return signal * noise - spread * data

    def split(self, x: Tensor, t: Tensor, predicted: Tensor, *, clip: bool = False) -> tuple[Tensor, Tensor]:
        """The x_0 and the noise that x_t consists of, according to a prediction.

        Args:
            x: x_t (N, ...).
            t: (N,), at least 1.
            predicted: as the objective says, (N, ...).
            clip: cut x_0 to [-1, 1], as Ho et al. do with images; the noise is then what is left of x_t.
        """
        signal, spread = self._at(t, x)
        if self.objective == "epsilon":
            data = (x - spread * predicted) / signal
        elif self.objective == "x0":
            data = predicted
        else:
            data = signal * x - spread * predicted
        data = data.clamp(-1, 1) if clip else data
        return data, (x - signal * data) / spread

    def score(self, predict: Predict, x: Tensor, t: Tensor) -> Tensor:
        """The gradient of log p_t (N, ...) at x_t and t (N,), at least 1: where data lie, seen through the noise.

        Source: Song et al. 2021, "Score-Based Generative Modeling through Stochastic Differential Equations", section 3.
        """
        noise = self.split(x, t, predict(x, t))[1]
        return -noise / self._at(t, x)[1]

    def walk(
        self,
        predict: Predict,
        x: Tensor,
        steps: int,
        eta: float,
        fresh: Iterator[Tensor],
        *,
        clip: bool,
        start: int = 0,
    ) -> Iterator[Moment]:
        """The way from noise to data in `steps` steps, each of which adds `eta` times the noise that DDPM's would.

        eta 0 is DDIM, a function of x_T alone; eta 1 with all T steps is DDPM. Source: Song et al. 2021, equations 12 and 16.

        Args:
            predict: the network.
            x: x_T, standard normal (N, ...), or x_start.
            steps: between 1 and `start`.
            eta: between 0 and 1.
            fresh: standard normal noise (N, ...) for every step; not read if eta is 0.
            clip: see `split`.
            start: the time of x; 0 for T.

        Yields:
            The moment after each step, with the x_0 that was predicted before it; the last one's x is the data.
        """
        for t, after in pairwise(timeline(start or self.steps, steps)):
            times = torch.full((len(x),), t, device=x.device)
            data, noise = self.split(x, times, predict(x, times), clip=clip)
            kept, kept_after = float(self.alpha_bars[t]), float(self.alpha_bars[after])
            sigma = eta * math.sqrt((1 - kept_after) / (1 - kept) * (1 - kept / kept_after))
            x = math.sqrt(kept_after) * data + math.sqrt(max(0.0, 1 - kept_after - sigma**2)) * noise
            if sigma:
                x = x + sigma * next(fresh)
            yield Moment(after, x, data)

    def invert(self, predict: Predict, data: Tensor, steps: int, iterations: int = 1) -> Iterator[Moment]:
        """The way from data to the noise x_T (N, ...) of which DDIM (eta 0, without clipping) makes them in as many steps.

        Source: Song et al. 2021, section 4.3. Every step back is an equation for the noisier x: one iteration takes the
        prediction at the x that it comes from, as usual; further ones solve the equation more exactly (Pan et al. 2023,
        "Effective Real Image Editing with Accelerated Iterative Diffusion Inversion").
        """
        x = data
        for t, before in pairwise(reversed(timeline(self.steps, steps))):
            times = torch.full((len(x),), before, device=x.device)
            kept, kept_before = float(self.alpha_bars[t]), float(self.alpha_bars[before])
            noisier = x
            for _ in range(iterations):
                clean, noise = self.split(noisier, times, predict(noisier, times))
                if kept > 0.5:  # of the two that x consists of, the other follows from the one that depends less on it
                    clean = (x - math.sqrt(1 - kept) * noise) / math.sqrt(kept)
                else:
                    noise = (x - math.sqrt(kept) * clean) / math.sqrt(1 - kept)
                noisier = math.sqrt(kept_before) * clean + math.sqrt(1 - kept_before) * noise
            x = noisier
            yield Moment(before, x, clean)


def conditions(labels: Tensor, given: Tensor) -> Tensor:
    """What the network is told (N, L + 1): labels (N, L) and a 1, or zeros where they are not given (N,); (N, 0) if L is 0."""
    if not labels.shape[1]:
        return labels
    return torch.cat([labels, torch.ones_like(labels[:, :1])], dim=1) * given[:, None]


def guided(network: nn.Module, process: Process, labels: Tensor, scale: float) -> Predict:
    """The network's predictions for labels (N, L), moved away from those without: free + scale * (conditional - free).

    Scale 0 ignores the labels, 1 is the plain conditional model, more follows the labels at the price of variety. Source: Ho
    and Salimans 2022, equation 6, whose w is scale - 1.
    """

    def predict(x: Tensor, t: Tensor) -> Tensor:
        share = t / process.steps
        if scale in (0, 1) or not labels.shape[1]:
            alone: Tensor = network(x, share, conditions(labels, torch.full_like(share, float(scale != 0))))
            return alone
        given = torch.cat([torch.ones_like(share), torch.zeros_like(share)])
        both = network(torch.cat([x, x]), torch.cat([share, share]), conditions(torch.cat([labels, labels]), given))
        conditional, free = both.chunk(2)
        return free + scale * (conditional - free)  # type: ignore[no-any-return]

    return predict


def noise_of(latents: Tensor, shape: tuple[int, ...]) -> Iterator[Tensor]:
    """Standard normal noise (N, *shape) without end, seeded by each latent (N, D): a sample depends on its own latent alone."""
    rows = latents.detach().float().cpu()
    generators = [torch.Generator().manual_seed(zlib.crc32(row.numpy().tobytes())) for row in rows]
    while True:
        yield torch.stack([torch.randn(shape, generator=rng) for rng in generators]).to(latents)


def walk(
    config: RunConfig, network: nn.Module, x: Tensor, labels: Tensor, steps: int, eta: float, start: int = 0
) -> Iterator[Moment]:
    """A denoiser's way from noise x_T (N, ...), or x_start, to samples; images are cut to [-1, 1] at every step."""
    process, shape = Process.of(config.diffusion, x.device), image_shape(config.dataset)
    predict, fresh = guided(network, process, labels, config.diffusion.guidance), noise_of(x.flatten(1), shape)
    return process.walk(predict, x, steps, eta, fresh, clip=len(shape) == 3, start=start)


def draw(config: RunConfig, network: nn.Module, z: Tensor, labels: Tensor, steps: int, eta: float) -> Tensor:
    """Samples (N, ...) of a denoiser from noise z (N, D) and labels (N, L), in so many steps."""
    x = z.reshape(-1, *image_shape(config.dataset))
    for moment in walk(config, network, x, labels, steps, eta):
        x = moment.x
    return x


class Diffusion(GenerativeModel):
    """See `gan_core.models.base.GenerativeModel`.

    Args:
        config: process, objective, guidance, and the one optimiser.
        networks: "denoiser": (x_t (N, ...), t / T (N,), conditions (N, L + 1) or (N, 0)) -> prediction (N, ...).
        rng: on the device of the networks; its seed and a step's number give all noise of that step.
    """

    def __init__(self, config: RunConfig, networks: dict[str, nn.Module], rng: torch.Generator) -> None:
        self.networks = networks
        self.average = average = running_average(networks["denoiser"], config.training.ema_decay)
        self.averages = {} if average is None else {"denoiser": average.module}
        self.profiles = posthoc_ema.begin(networks["denoiser"]) if config.diffusion.posthoc_ema else {}
        self.optimizers = {"denoiser": build_optimizer(config.generator_optimizer, networks["denoiser"].parameters())}
        self.config = config
        self.process = Process.of(config.diffusion, rng.device)
        self.rng = rng
        self.latent_dim = math.prod(image_shape(config.dataset))
        self._seed = rng.initial_seed()
        self._steps = 0  # done, with the one that is being made
        self._last: tuple[Tensor, Tensor] | None = None

    def train_step(
        self, images: Tensor, labels: Tensor, progress: TrainingProgress
    ) -> Generator[Update, None, Metrics]:
        """A time for every image, noise of that time, and the network's error. Source: Ho et al. 2020, algorithm 1."""
        self._steps, self._last = progress.step + 1, (images, labels)
        rng = self._generator(progress.step)
        whole, uniform, normal = (
            partial(draw, generator=rng, device=rng.device) for draw in (torch.randint, torch.rand, torch.randn)
        )
        t = shards.drawn(lambda shape: whole(1, self.process.steps + 1, shape), len(images))
        given = shards.drawn(uniform, len(images)) >= self.config.diffusion.condition_dropout
        noise = shards.drawn(normal, *images.shape)
        loss = self._errors(images, conditions(labels, given), t, noise).mean()
        yield Update("denoiser", "diffusion", loss)
        return {"loss/diffusion": loss.detach()}

    def finish_step(self) -> None:
        """Moves the running averages towards the weights."""
        posthoc_ema.update(self.profiles, unwrapped(self.networks["denoiser"]), self._steps)
        if self.average is not None:
            self.average.n_averaged.fill_(self._steps)  # also after a resume
            self.average.update_parameters(unwrapped(self.networks["denoiser"]))

    def probe(self) -> Metrics:
        """The loss on images of the last step in each quarter of the process, the first with the least noise; that of a network that
        always says 0; how much larger the running average's is; how far the data spread about their mean; and, where guidance is
        on, the share of values at the edge of the range, of samples with it and without."""
        if self._last is None:
            return {}
        few, asked = self._last[0][:PROBED], self._last[1][:PROBED]
        images, labels = (tensor.repeat(QUARTERS, *[1] * (tensor.dim() - 1)) for tensor in (few, asked))
        rng = self._generator(self._steps)
        quarter = torch.arange(QUARTERS, device=rng.device).repeat_interleave(len(few))
        place = (quarter + torch.rand(len(images), generator=rng, device=rng.device)) / QUARTERS
        t = (place * self.process.steps).long().clamp(max=self.process.steps - 1) + 1
        noise = torch.randn(images.shape, generator=rng, device=rng.device)
        given = conditions(labels, torch.ones_like(place))
        with torch.no_grad():
            errors = self._errors(images, given, t, noise)
            metrics = {f"loss/quarter_{q + 1}": part.mean() for q, part in enumerate(errors.chunk(QUARTERS))}
            metrics["loss/blind"] = self.process.target(images, t, noise).square().mean()
            metrics["data/spread"] = few.float().var(dim=0, correction=0).mean().sqrt()
            if self.averages:
                of = slice(None, None, QUARTERS)
                averaged = self._errors(images[of], given[of], t[of], noise[of], self.averages["denoiser"])
                metrics["average/lag"] = averaged.mean() / errors[of].mean()
        if self.config.diffusion.guidance != 1 and images.dim() == 4:
            z = torch.randn(len(few[:DRAWN]), self.latent_dim, generator=rng, device=rng.device)
            for name, scale in (("guided", self.config.diffusion.guidance), ("plain", 1.0)):
                drawn = self._drawn(with_changes(self.config, {"diffusion.guidance": scale}), z, asked[:DRAWN])
                metrics[f"edge/{name}"] = (drawn.abs() > EDGE).float().mean()
        return metrics

    def sample(self, z: Tensor, labels: Tensor) -> Tensor:
        """Samples (N, ...) for noise z (N, latent_dim), in `diffusion.preview_steps` steps of DDIM, from the running average
        where there is one."""
        return self._drawn(self.config, z, labels)

    def _drawn(self, config: RunConfig, z: Tensor, labels: Tensor) -> Tensor:
        network = unwrapped(self.averages.get("denoiser", self.networks["denoiser"]))
        with torch.no_grad():
            return draw(config, network, z, labels, config.diffusion.preview_steps, 0.0)

    def _errors(
        self, data: Tensor, condition: Tensor, t: Tensor, noise: Tensor, network: nn.Module | None = None
    ) -> Tensor:
        """The mean squared error (N,) of the prediction at times t (N,); the denoiser's, unless another network is given."""
        network = network or self.networks["denoiser"]
        predicted = network(self.process.noised(data, t, noise), t / self.process.steps, condition)
        return F.mse_loss(predicted, self.process.target(data, t, noise), reduction="none").flatten(1).mean(1)

    def _generator(self, step: int) -> torch.Generator:
        """The source of all noise of a step: a pure function of the run's seed and the step."""
        return torch.Generator(self.rng.device).manual_seed(self._seed + step)


def build_networks(config: RunConfig, rng: torch.Generator | None) -> dict[str, nn.Module]:
    """The denoiser with its first weights from `rng`; on the `meta` device if it is None."""
    shape, module, num_labels = image_shape(config.dataset), load_module(config), len(config.conditioning.labels)
    num_conditions = num_labels + 1 if num_labels else 0
    width, attention = config.network.width, config.diffusion.attention
    return materialised(config, {"denoiser": lambda: module.Denoiser(shape, width, num_conditions, attention)}, rng)


def build(config: RunConfig, networks: dict[str, nn.Module], rng: torch.Generator) -> Diffusion:
    """The diffusion model of a configuration at step 0, from its network."""
    return Diffusion(config, networks, rng)


def decode(config: RunConfig, network: nn.Module, z: Tensor, labels: Tensor) -> Tensor:
    """Samples (N, ...) of a denoiser, with the configuration's sampler, for noise z (N, D) and labels (N, L)."""
    return draw(config, network, z, labels, config.diffusion.sampling_steps, config.diffusion.eta)
