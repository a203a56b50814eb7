"""The measures of a finished run. Loads torch, and reads the run at its last checkpoint without touching it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_core import datasets
from gan_core.config.registry import load
from gan_core.datasets.base import Dataset
from gan_core.datasets.batches import to_signed
from gan_core.datasets.held_out import held_out
from gan_core.datasets.sources.toys import RING8
from gan_core.evaluation import evaluators, extractors
from gan_core.evaluation.conditional import balanced_labels
from gan_core.evaluation.evaluators.evaluator import Evaluator, open_evaluator
from gan_core.evaluation.evaluators.scoring import score_images
from gan_core.evaluation.extractors import Extractor
from gan_core.evaluation.metrics import estimate
from gan_core.evaluation.metrics.modes import REACH, Modes, captured, with_intervals
from gan_core.evaluation.metrics.sharpness import laplacian_variance
from gan_core.evaluation.statistics.estimate import Estimate
from gan_core.evaluation.statistics.intervals import Count, mean_of, wilson
from gan_core.experiments.lessons.measures import ACTIVE, MEASURES, NEAR, NUM_PICTURES, NUM_POINTS, NUM_SLOPES
from gan_core.models.building import build_networks, decode
from gan_core.models.kinds import kind_of
from gan_core.models.vae import kl_divergence
from gan_core.runs import Run, checkpoints
from gan_core.runs.autoencoder import open_autoencoder
from gan_core.runs.sampler import Sampler, latents, open_sampler

STEER_STEPS, STEER_RATE, SOFT = 200, 0.05, 0.2
SEED = 20_000  # of latents that no run was trained or drawn with


def measure(run: Run, names: Sequence[str]) -> dict[str, Estimate]:
    """Some measures of a run at its last checkpoint, without those that need what it has not.

    Args:
        run: with a checkpoint.
        names: in MEASURES.

    Raises:
        ValueError: if the run has no checkpoint or a damaged one, or an evaluator is missing.
    """
    subject = Subject(run)
    lacking = {
        "labels": not subject.config.conditioning.labels,
        "one_step": kind_of(subject.config).draws_in_steps,
    }
    asked = {name: MEASURES.find(name) for name in names}
    return {
        name: of_features(subject, one.metric) if one.metric else load(f"{__name__}:{name}")(subject)
        for name, one in asked.items()
        if not lacking.get(one.needs)
    }


class Subject:
    """A run that is measured; what several measures use is computed once."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.config = run.config()

    @cached_property
    def sampler(self) -> Sampler:
        """Its generator or decoder."""
        return open_sampler(self.run)

    @cached_property
    def discriminator(self) -> nn.Module:
        """Its D in evaluation mode, not averaged."""
        networks = {"discriminator": build_networks(self.config)["discriminator"]}
        checkpoints.load_networks(self.run, self.run.checkpoint_steps()[-1], networks, average=False)
        return networks["discriminator"].eval()

    @cached_property
    def evaluator(self) -> Evaluator:
        """The evaluator of its data set.

        Raises:
            ValueError: if there is none.
        """
        folders = evaluators.of_data(self.config)
        if not folders:
            raise ValueError(
                f"There is no evaluator for '{self.config.dataset.name}', so nothing can be measured. Train one with: "
                f"{evaluators.how_to_train(self.config)}"
            )
        return open_evaluator(folders[0])

    @cached_property
    def extractor(self) -> Extractor:
        """What the features are measured with. Raises ValueError if there is no evaluator."""
        return extractors.open_extractor(self.config)

    @cached_property
    def modes(self) -> Modes:
        """The modes that NUM_POINTS new points reach."""
        points = self.sampler.samples(latents(NUM_POINTS, self.sampler.latent_dim, SEED))
        return captured(points, RING8.centres, NEAR / REACH)

    @cached_property
    def turned(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Points (N, 2) that lie on the left, and where they lie once z has climbed log sigmoid(x / SOFT), a classifier of the right.

        Raises:
            ValueError: if no point lies on the left.
        """
        model = self.sampler
        z = torch.from_numpy(latents(2 * NUM_SLOPES, model.latent_dim, SEED))
        begin = model.forward(z, torch.zeros(len(z), 0))
        if not (begin[:, 0] < 0).any():
            raise ValueError("No point of this run lies on the left, so none can be steered to the right.")
        z = z[begin[:, 0] < 0][:NUM_SLOPES].requires_grad_(True)
        length = z.detach().norm(dim=1, keepdim=True)
        for _ in range(STEER_STEPS):
            gain = F.logsigmoid(decode(self.config, model.network, z, torch.zeros(len(z), 0))[:, 0] / SOFT)
            (slope,) = torch.autograd.grad(gain.sum(), z)
            moved = z.detach() + STEER_RATE * slope / slope.norm(dim=1, keepdim=True).clamp_min(1e-9)
            z = (moved * length / moved.norm(dim=1, keepdim=True)).requires_grad_(True)  # as likely a z as before
        after = model.forward(z.detach(), torch.zeros(len(z), 0))
        return begin[begin[:, 0] < 0][: len(after)].numpy(), after.numpy()

    @cached_property
    def slopes(self) -> npt.NDArray[np.float64]:
        """Norms of D's gradient between real and generated points, (NUM_SLOPES,)."""
        real = torch.from_numpy(datasets.prepare(self.config.dataset).images[:NUM_SLOPES].astype(np.float32))
        fake = torch.from_numpy(self.sampler.samples(latents(len(real), self.sampler.latent_dim, SEED)))
        mix = torch.rand(len(real), 1, generator=torch.Generator().manual_seed(SEED))
        between = (real + mix * (fake - real)).requires_grad_(True)
        logits, _ = self.discriminator(between, torch.zeros(len(real), 0))
        (gradients,) = torch.autograd.grad(logits.sum(), between)
        return np.asarray(gradients.norm(dim=1).double().numpy())

    @cached_property
    def requested(self) -> npt.NDArray[np.float32]:
        """Labels with every digit equally often, (NUM_PICTURES, 10)."""
        return balanced_labels(len(self.evaluator.info.label_names), exclusive=True, count=NUM_PICTURES)

    @cached_property
    def pictures(self) -> npt.NDArray[np.uint8]:
        """Samples for the requested labels; of an unconditional model, samples."""
        model = self.sampler
        z = latents(NUM_PICTURES, model.latent_dim, SEED)
        return model.images(z, self.requested if self.config.conditioning.labels else None)

    @cached_property
    def unseen(self) -> Dataset:
        """Real images that it was not trained on."""
        return held_out(self.config.dataset).images(NUM_PICTURES)

    @cached_property
    def posterior(self) -> tuple[Tensor, Tensor]:
        """The encoder's mean and log variance for the unseen images, each (N, latent_dim)."""
        with torch.inference_mode():
            mean, log_variance = open_autoencoder(self.run).encoder(to_signed(torch.tensor(self.unseen.images)))
        return mean, log_variance


def mode_tv(subject: Subject) -> Estimate:
    """How far the modes' shares of the points, and the share of none, lie from the data's."""
    return with_intervals(subject.modes)["mode_tv"]


def modes(subject: Subject) -> Estimate:
    """Number of modes with a point within NEAR."""
    return with_intervals(subject.modes)["captured"]


def near(subject: Subject) -> Estimate:
    """Share of points within NEAR of a mode."""
    return with_intervals(subject.modes)["high_quality"]


def radius(subject: Subject) -> Estimate:
    """Root mean square distance of points from the middle, in radii of the ring."""
    points = subject.sampler.samples(latents(NUM_POINTS, subject.sampler.latent_dim, SEED))
    size = float(np.linalg.norm(RING8.centres, axis=1).mean())
    return Estimate.bare(float(np.sqrt(np.square(points).sum(1).mean())) / size, len(points))


def asked(subject: Subject) -> Estimate:
    """Share of points whose nearest mode is the one asked for."""
    modes = np.arange(NUM_POINTS) % len(RING8.centres)
    labels = np.eye(len(RING8.centres), dtype=np.float32)[modes]
    points = subject.sampler.samples(latents(NUM_POINTS, subject.sampler.latent_dim, SEED), labels)
    nearest = np.linalg.norm(points[:, None] - RING8.centres, axis=2).argmin(1)
    return wilson(Count(int((nearest == modes).sum()), NUM_POINTS))


def steered(subject: Subject) -> Estimate:
    """Share of points that come to lie on the right."""
    before, after = subject.turned
    return wilson(Count(int((after[:, 0] > 0).sum()), len(before)))


def dragged(subject: Subject) -> Estimate:
    """How far they move across, as a share of how far to the right."""
    moved = np.abs(subject.turned[1] - subject.turned[0])
    return mean_of(moved[:, 1] / moved[:, 0].mean())


def edges(subject: Subject) -> Estimate:
    """Sharpness of samples over that of unseen images."""
    return mean_of(laplacian_variance(subject.pictures) / laplacian_variance(subject.unseen.images).mean())


def train_s(subject: Subject) -> Estimate:
    """Seconds of training."""
    return Estimate.bare(subject.run.status().seconds, 1)


def draw_s(subject: Subject) -> Estimate:
    """Seconds in which NUM_PICTURES samples are drawn."""
    z, times = latents(NUM_PICTURES, subject.sampler.latent_dim, SEED), []
    for _ in range(3):
        began = time.perf_counter()
        subject.sampler.images(z)
        times.append(time.perf_counter() - began)
    return Estimate.bare(min(times), NUM_PICTURES)


def slope(subject: Subject) -> Estimate:
    """Mean norm of D's gradient."""
    return mean_of(subject.slopes)


def steepest(subject: Subject) -> Estimate:
    """Largest norm of D's gradient."""
    return Estimate.bare(float(subject.slopes.max()), len(subject.slopes))


def clipped(subject: Subject) -> Estimate:
    """Share of D's weights at the clipping bound."""
    bound = subject.config.objective.weight_clip
    weights = torch.cat([parameter.detach().flatten() for parameter in subject.discriminator.parameters()])
    share = float((weights.abs() >= bound * (1 - 1e-6)).double().mean()) if bound else 0.0
    return Estimate.bare(share, len(weights))


def obeyed(subject: Subject) -> Estimate:
    """Share of pictures that the evaluator classifies as the requested label."""
    score, _ = score_images(subject.evaluator, subject.pictures, subject.requested, subject.evaluator.info.label_names)
    return wilson(score)


def of_features(subject: Subject, metric: str) -> Estimate:
    """A metric of METRICS between samples and unseen images."""
    real, fake = (subject.extractor.features(images).features for images in (subject.unseen.images, subject.pictures))
    return estimate(metric, real, fake)


def test_error(subject: Subject) -> Estimate:
    """Mean squared error of the reconstructions of unseen images."""
    _, errors = open_autoencoder(subject.run).measure(subject.unseen.images)
    return mean_of(errors)


def kl(subject: Subject) -> Estimate:
    """KL of the posteriors of unseen images, in nats."""
    mean, log_variance = subject.posterior
    each = [float(kl_divergence(m[None], v[None], "sum")) for m, v in zip(mean, log_variance, strict=True)]
    return mean_of(each)


def active(subject: Subject) -> Estimate:
    """Number of dimensions whose posterior mean has a variance above ACTIVE."""
    mean, _ = subject.posterior
    return Estimate.bare(float((mean.var(dim=0) > ACTIVE).sum()), len(mean))
