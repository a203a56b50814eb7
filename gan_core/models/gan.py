"""The generative adversarial network: a generator, a discriminator, and one training step of both.

Source: Goodfellow et al. 2014, algorithm 1. The loop calls backward and step (see `GenerativeModel`). What differs
between GANs - objective, penalty, conditioning, constraints, remedies - comes in as parts.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from contextlib import contextmanager
from functools import partial

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from gan_core.config import RunConfig
from gan_core.datasets import image_shape
from gan_core.models.augmentation import Augmenter
from gan_core.models.base import Metrics, TrainingProgress, Update, unwrapped
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.layer_gradients import norms, recorded
from gan_core.models.networks.critic import Critic, clip_saturation, clip_weights, normalise_spectrum
from gan_core.models.networks.initialisation import load_module, materialised
from gan_core.models.objectives import OBJECTIVES, LossParts
from gan_core.models.optimizers import build_optimizer, running_average
from gan_core.models.penalties import PENALTIES
from gan_core.processes import shards

NEIGHBOURS = 64  # samples of a batch that are compared with each other
PROBED = 16  # samples whose gradients are followed layer by layer


class GAN:
    """See `gan_core.models.base.GenerativeModel`.

    Args:
        networks: "generator": vectors (N, latent_dim + L), latent and labels -> samples (N, ...); "discriminator":
            (samples, labels (N, L)) -> (logits, label logits or None).
        config: its objective, penalty, conditioning, remedies and optimisers.
        rng: source of all noise, on the device of the networks.
    """

    def __init__(self, config: RunConfig, networks: dict[str, nn.Module], rng: torch.Generator) -> None:
        self.networks = networks
        self.average = average = running_average(networks["generator"], config.training.ema_decay)
        self.averages: dict[str, nn.Module] = {} if average is None else {"generator": average.module}
        self.profiles: dict[str, nn.Module] = {}
        self.optimizers: dict[str, torch.optim.Optimizer] = {
            "generator": build_optimizer(config.generator_optimizer, networks["generator"].parameters()),
            "discriminator": build_optimizer(config.discriminator_optimizer, networks["discriminator"].parameters()),
        }
        self.rng = rng
        self.latent_dim = config.network.latent_dim
        self.augmenter = Augmenter(config, rng.device)
        self.use_losses_of(config)
        self._steps = 0  # done, with the one that is being made
        self._last: tuple[Tensor, Tensor, Tensor] | None = None

    def use_losses_of(self, config: RunConfig) -> None:
        """Takes the losses and remedies of another configuration with the same networks and optimisers."""
        self.config = config
        self.objective = OBJECTIVES.find(config.objective.name)
        self.penalty = PENALTIES.find(config.penalty.name)

    def draw_latents(self, count: int) -> Tensor:
        """Standard normal latents (count, latent_dim) from the run's generator."""
        return shards.drawn(partial(torch.randn, generator=self.rng, device=self.rng.device), count, self.latent_dim)

    def train_step(
        self, images: Tensor, labels: Tensor, progress: TrainingProgress
    ) -> Generator[Update, None, Metrics]:
        """D's step on real and generated samples; then, every `n_critic` steps, G's step on the same samples."""
        packing = self.config.remedies.packing
        whole = len(images) // packing * packing  # an epoch's last batch may not fill its packs
        images, labels = images[:whole], labels[:whole]
        z = self.draw_latents(len(images))
        self._steps = progress.step + 1
        self.augmenter.begin_step(progress.step)
        is_generator_turn = (progress.step + 1) % self.config.objective.n_critic == 0
        with torch.set_grad_enabled(is_generator_turn):
            fake = decode(self.config, self.networks["generator"], z, labels)

        metrics = yield from self._discriminator_step(images, fake.detach(), labels, progress)
        if is_generator_turn:
            metrics |= yield from self._generator_step(images, fake, labels, progress)
        self._last = (z, labels, images)
        return metrics

    def _discriminator_step(
        self, real: Tensor, fake: Tensor, labels: Tensor, progress: TrainingProgress
    ) -> Generator[Update, None, Metrics]:
        config, discriminator = self.config, self.networks["discriminator"]
        real, fake = self._shown(real, progress), self._shown(fake, progress)
        real_logits, real_labels = discriminator(real, labels)
        fake_logits, fake_labels = discriminator(fake, labels)
        loss, metrics = self._adversarial(real_logits, fake_logits)
        if real_labels is not None:
            label_real, label_fake = self._label_loss(real_labels, labels), self._label_loss(fake_labels, labels)
            loss = loss + config.conditioning.label_weight * (label_real + label_fake)
            metrics |= {"loss/label_real": label_real, "loss/label_fake": label_fake}
        if self.penalty is not None:
            # Gradients of gradients lose too much in bf16, and Fabric's wrapper refuses them there: fp32 whatever the rest has.
            penalty = self.penalty.compute(lambda x: unwrapped(discriminator)(x, labels)[0], real, fake, self.rng)
            loss = loss + config.penalty.weight * penalty
            metrics["loss/penalty"] = penalty
        yield Update("discriminator", "d", loss)
        if config.objective.weight_clip:
            clip_weights(discriminator, config.objective.weight_clip)
        every_real, every_fake = shards.gathered(real_logits), shards.gathered(fake_logits)
        metrics |= self.augmenter.adapt(progress.step, self.objective.margin(every_real, every_fake))
        if len(every_real) > 1:
            metrics["logit/gap"] = logit_gap(every_real, every_fake)
        return (
            _detached(metrics) | self._mean_output("real", real_logits) | self._mean_output("fake_before", fake_logits)
        )

    def _adversarial(self, real_logits: Tensor, fake_logits: Tensor) -> tuple[Tensor, Metrics]:
        """D's loss without label losses and penalty, and its metrics."""
        objective = self.config.objective
        parts = self.objective.discriminator(real_logits, fake_logits, self.config.remedies.label_smoothing)
        if not isinstance(parts, LossParts):
            return parts, {"loss/d": parts}
        loss = objective.real_weight * parts.on_real + objective.fake_weight * parts.on_fake
        return loss, {"loss/d": loss, "loss/d_real": parts.on_real, "loss/d_fake": parts.on_fake}

    def _generator_step(
        self, real: Tensor, fake: Tensor, labels: Tensor, progress: TrainingProgress
    ) -> Generator[Update, None, Metrics]:
        discriminator = self.networks["discriminator"]
        with _frozen(discriminator):  # D's weights take no gradient in G's step
            real_logits = None
            if self.objective.is_paired:
                with torch.no_grad():  # they do not depend on G
                    real_logits, _ = discriminator(self._shown(real, progress), labels)
            logits, label_logits = discriminator(self._shown(fake, progress), labels)
            loss = adversarial = self.objective.generator(real_logits, logits)
            if label_logits is not None:
                loss = loss + self.config.conditioning.label_weight * self._label_loss(label_logits, labels)
            yield Update("generator", "g", loss)
        return _detached({"loss/g": adversarial}) | self._mean_output("fake_after", logits)

    def finish_step(self) -> None:
        """Moves the generator's running average towards its weights."""
        if self.average is not None:
            self.average.n_averaged.fill_(self._steps)  # also after a resume
            self.average.update_parameters(unwrapped(self.networks["generator"]))

    def scalars(self) -> dict[str, Tensor]:
        """See `GenerativeModel`."""
        return self.augmenter.state()

    def probe(self) -> Metrics:
        """D(G(z)) once more, for the last step's z, now that all updates are made, augmented as in the step; how much the samples of a batch differ
        from each other (standard deviation, mean over pixels) and each from the one most like it, real and generated;
        how many weights are clipped; and the gradients of the adversarial losses layer by layer."""
        if self._last is None:
            return {}
        generator, discriminator = self.networks["generator"], self.networks["discriminator"]
        with torch.no_grad(), preserved_statistics(generator), preserved_statistics(discriminator):
            z, labels, real = self._last
            fake = decode(self.config, generator, z, labels)
            logits, _ = discriminator(self.augmenter(fake), labels)
        metrics = self._mean_output("fake_after_g", logits)
        metrics |= {"spread/real": _spread(real), "spread/fake": _spread(fake)}
        if len(real) > 1:
            metrics |= {"nearest/real": _nearest(real), "nearest/fake": _nearest(fake)}
        if bound := self.config.objective.weight_clip:
            metrics["clip/saturation"] = clip_saturation(discriminator, bound)
        return metrics | self._layer_norms(*self._last)

    def _layer_norms(self, z: Tensor, labels: Tensor, real: Tensor) -> Metrics:
        """The gradients of both adversarial losses layer by layer, on PROBED of the last step's samples; a forward and a backward
        pass of these through both networks."""
        packing = self.config.remedies.packing
        z, labels, real = (part[: packing * max(2, PROBED // packing)] for part in (z, labels, real))
        generator, discriminator = (unwrapped(self.networks[name]) for name in ("generator", "discriminator"))
        with torch.enable_grad(), preserved_statistics(generator), preserved_statistics(discriminator):
            with recorded(generator) as of_g:
                fake = self.augmenter(decode(self.config, generator, z, labels))
            with recorded(discriminator) as of_d:
                real_logits, _ = discriminator(self.augmenter(real), labels)
                logits, _ = discriminator(fake, labels)
            loss_g = self.objective.generator(real_logits.detach(), logits)
            by_layer = norms(loss_g, of_g, "g", keep_graph=True)
            return norms(self._adversarial(real_logits, logits)[0], of_d, "d") | by_layer

    def logits(self, samples: Tensor, labels: Tensor) -> Tensor:
        """D's logits for samples (N, ...) and labels (N, L), one a pack; the training state stays as it is."""
        packing = self.config.remedies.packing
        whole = len(samples) // packing * packing
        discriminator = self.networks["discriminator"]
        with torch.no_grad(), preserved_statistics(discriminator):
            logits, _ = discriminator(samples[:whole], labels[:whole])
        outputs: Tensor = logits.float()
        return outputs

    def sample(self, z: Tensor, labels: Tensor) -> Tensor:
        """Samples (N, ...) for latents (N, latent_dim) and labels (N, L): from the running average where there is one.

        Batch norm uses its stored statistics, so a sample depends on its own latent alone.
        """
        generator = unwrapped(self.averages.get("generator", self.networks["generator"]))
        was_training = generator.training
        generator.eval()
        with torch.no_grad():
            images = decode(self.config, generator, z, labels)
        generator.train(was_training)
        return images

    def _shown(self, samples: Tensor, progress: TrainingProgress) -> Tensor:
        """Samples as D sees them in a step: augmented, then with instance noise. Source of the noise: Sønderby et al.
        2017, "Amortised MAP Inference for Image Super-resolution", section 3.3; Arjovsky and Bottou 2017."""
        samples = self.augmenter(samples)
        spread = self.config.remedies.instance_noise * (1 - progress.share)
        if not spread:
            return samples
        noise = shards.drawn(partial(torch.randn, generator=self.rng, device=samples.device), *samples.shape)
        return samples + spread * noise

    def _label_loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Cross-entropy of the label head. Source: Odena et al. 2017, "Auxiliary Classifier GANs", equation 3."""
        if self.config.conditioning.exclusive:
            return F.cross_entropy(logits, labels)
        return F.binary_cross_entropy_with_logits(logits, labels)

    def _mean_output(self, what: str, logits: Tensor) -> Metrics:
        """D's mean output: as a probability where the objective makes it one, else as the logit itself."""
        logits = logits.detach()
        if self.objective.is_probability:
            return {f"prob/{what}": torch.sigmoid(logits).mean()}
        return {f"score/{what}": logits.mean()}


def _spread(samples: Tensor) -> Tensor:
    """Standard deviation over the batch, averaged over everything else: 0 when all samples are equal."""
    return samples.float().std(dim=0, correction=0).mean()


def _nearest(samples: Tensor) -> Tensor:
    """Distance of a sample from the most similar other (root mean square over its values), averaged over the first NEIGHBOURS.

    0 when every sample has a copy, also where the batch as a whole is varied. Two samples at least.
    """
    flat = samples[:NEIGHBOURS].float().flatten(1)
    distances = torch.cdist(flat, flat, compute_mode="donot_use_mm_for_euclid_dist")  # copies are exactly 0 apart
    nearest: Tensor = distances.fill_diagonal_(torch.inf).amin(1).mean() / flat.shape[1] ** 0.5
    return nearest


def logit_gap(real: Tensor, fake: Tensor) -> Tensor:
    """How far two sets of logits (N,), (M,) are apart: the difference of their means in standard deviations.

    Free of the objective's scale: near 0 the discriminator does not tell them apart, below 0 it takes them for each other.
    Two logits of each at least: one has no spread.
    """
    real, fake = real.detach().float(), fake.detach().float()
    spread = ((real.var(correction=0) + fake.var(correction=0)) / 2).sqrt()
    return (real.mean() - fake.mean()) / spread.clamp_min(1e-6)


def _detached(metrics: Metrics) -> Metrics:
    return {name: value.detach() for name, value in metrics.items()}


@contextmanager
def _frozen(network: nn.Module) -> Iterator[None]:
    """Within it the network's weights take no gradient; its inputs still do."""
    network.requires_grad_(False)
    try:
        yield
    finally:
        network.requires_grad_(True)


@contextmanager
def preserved_statistics(network: nn.Module) -> Iterator[None]:
    """Undoes what forward passes within it do to batch norm's running statistics."""
    kept = [buffer.clone() for buffer in network.buffers()]
    try:
        yield
    finally:
        for buffer, before in zip(network.buffers(), kept, strict=True):
            buffer.copy_(before)


def build_networks(config: RunConfig, rng: torch.Generator | None) -> dict[str, nn.Module]:
    """Generator and discriminator with their first weights from `rng`; on the `meta` device if it is None."""
    network, shape, module = config.network, image_shape(config.dataset), load_module(config)
    num_labels = len(config.conditioning.labels)
    networks = materialised(
        config,
        {
            "generator": lambda: module.Generator(
                network.latent_dim + num_labels, shape, network.width, network.generator_leak
            ),
            "discriminator": lambda: Critic(
                lambda input_shape: module.Backbone(input_shape, network.width, network.discriminator_norm),
                shape,
                num_labels,
                CONDITIONINGS.find(config.conditioning.name),
                packing=config.remedies.packing,
                minibatch_std=config.remedies.minibatch_std,
                leaky_output=network.leaky_output,
            ),
        },
        rng,
    )
    if network.spectral_norm:
        normalise_spectrum(networks["discriminator"], rng, network.spectral_scale)
    return networks


def build(config: RunConfig, networks: dict[str, nn.Module], rng: torch.Generator) -> GAN:
    """The GAN of a configuration at step 0, from its networks."""
    return GAN(config, networks, rng)


def decode(config: RunConfig, network: nn.Module, z: Tensor, labels: Tensor) -> Tensor:
    """Samples (N, ...) of a generator, for latents (N, latent_dim) and labels (N, L)."""
    samples: Tensor = network(torch.cat([z, labels], dim=1))
    return samples
