"""Which parts fit each other: every illegal pair, with its reason and the way out. Free of torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gan_core.config import MIN_BATCH_SIZE, DiffusionConfig, RunConfig, get
from gan_core.models.conditioning import CONDITIONINGS
from gan_core.models.kinds import KINDS, Fixed, Kind, kind_of
from gan_core.models.networks import NETWORKS
from gan_core.models.objectives import OBJECTIVES
from gan_core.models.penalties import PENALTIES


@dataclass(frozen=True)
class Rule:
    """A combination of settings that is refused.

    Attributes:
        name: short, for tests and tables.
        broken: whether a configuration breaks it.
        reason: why it cannot be, and what to change.
    """

    name: str
    broken: Callable[[RunConfig], bool]
    reason: str

    def check(self, config: RunConfig) -> None:
        """Refuses a configuration that breaks the rule.

        Raises:
            ValueError: the reason, with the values at fault.
        """
        if self.broken(config):
            raise ValueError(self.reason.format(c=config))


def _defaults(fixed: Fixed, kind: Kind) -> Rule:
    """The rule that a kind's runs keep these settings at their defaults."""
    plain = RunConfig()
    return Rule(
        fixed.name,
        lambda c: kind_of(c) is kind and any(get(c, field) != get(plain, field) for field in fixed.fields),
        fixed.reason,
    )


def _per_sample_penalty(config: RunConfig) -> bool:
    penalty = PENALTIES.find(config.penalty.name)
    return penalty is not None and not penalty.allows_batch_norm


def _is_diffusion(config: RunConfig) -> bool:
    return kind_of(config).applies("diffusion.steps")


RULES: tuple[Rule, ...] = (
    *(_defaults(fixed, kind) for kind in KINDS.values() for fixed in kind.fixed),
    Rule(
        "diffusion needs the time",
        lambda c: c.diffusion != DiffusionConfig() and not _is_diffusion(c),
        "The network '{c.network.name}' has no time input, so it cannot be used for diffusion. Set network.name to unet "
        "(images) or mlp_time (points), or leave the settings of diffusion at their defaults.",
    ),
    Rule(
        "labels added to the time",
        lambda c: _is_diffusion(c) and c.conditioning.name not in ("none", "concat"),
        "A diffusion model takes its labels together with the time; '{c.conditioning.name}' needs a discriminator. Set "
        "conditioning.name to concat or none.",
    ),
    Rule(
        "guidance by labels",
        lambda c: c.diffusion.guidance != 1 and not CONDITIONINGS.find(c.conditioning.name).uses_labels,
        "Guidance strengthens what labels say, and this model has none. Set diffusion.guidance to 1 or conditioning.name to "
        "concat; got diffusion.guidance {c.diffusion.guidance:g}.",
    ),
    Rule(
        "guidance needs hidden labels",
        lambda c: c.diffusion.guidance != 1 and c.diffusion.condition_dropout == 0,
        "Guidance compares predictions with and without labels, and without dropped labels only the former are learned. Set "
        "diffusion.condition_dropout to 0.1, or diffusion.guidance to 1; got diffusion.guidance {c.diffusion.guidance:g}.",
    ),
    Rule(
        "sampling within the process",
        lambda c: max(c.diffusion.sampling_steps, c.diffusion.preview_steps) > c.diffusion.steps,
        "A sampler visits each of the {c.diffusion.steps} steps of the process once at most. Set diffusion.sampling_steps (now "
        "{c.diffusion.sampling_steps}) and diffusion.preview_steps (now {c.diffusion.preview_steps}) to {c.diffusion.steps} or less.",
    ),
    Rule(
        "noise of points at a cosine's end",  # the first of 50 steps would multiply its error by 631; pictures are cut to their range
        lambda c: (
            _is_diffusion(c)
            and NETWORKS.find(c.network.name).domain == "points"
            and (c.diffusion.objective, c.diffusion.schedule) == ("epsilon", "cosine")
        ),
        "At its end the cosine schedule leaves almost nothing of a point, and a small error of the predicted noise (epsilon) "
        "moves the sample far away. Set diffusion.objective to v or x0, or diffusion.schedule to linear.",
    ),
    Rule(
        "gradient penalty without batch norm",
        lambda c: _per_sample_penalty(c) and c.network.discriminator_norm == "batch",
        "The penalty '{c.penalty.name}' measures the discriminator's gradient for each image separately, and batch norm makes "
        "images depend on each other. Set network.discriminator_norm to none.",
    ),
    Rule(
        "gradient penalty without minibatch std",
        lambda c: _per_sample_penalty(c) and c.remedies.minibatch_std,
        "The penalty '{c.penalty.name}' measures the discriminator's gradient for each image separately, and minibatch standard "
        "deviation makes images depend on each other. Turn remedies.minibatch_std off, or use the penalty r1.",
    ),
    Rule(
        "penalty without packing",
        lambda c: c.penalty.name != "none" and c.remedies.packing > 1,
        "A penalty is per image, and with packing the discriminator sees {c.remedies.packing} at once. Set penalty.name to none "
        "or remedies.packing to 1.",
    ),
    Rule(
        "one bound on the critic",
        lambda c: c.objective.weight_clip > 0 and (c.network.spectral_norm or _per_sample_penalty(c)),
        "Weight clipping, spectral norm and gradient penalties each bound the critic's slope; use one. Set "
        "objective.weight_clip to 0; got {c.objective.weight_clip}.",
    ),
    Rule(
        "scale of a spectral norm",
        lambda c: c.network.spectral_scale != 1 and not c.network.spectral_norm,
        "network.spectral_scale is the norm that spectral norm gives each layer; got {c.network.spectral_scale} without it. Set "
        "network.spectral_norm to true or network.spectral_scale to 1.",
    ),
    Rule(
        "packing without labels",
        lambda c: c.remedies.packing > 1 and CONDITIONINGS.find(c.conditioning.name).uses_labels,
        "A pack of {c.remedies.packing} images has no label of its own. Set remedies.packing to 1 or conditioning.name to none.",
    ),
    Rule(
        "whole packs",
        lambda c: c.training.batch_size % c.remedies.packing != 0,
        "A batch of {c.training.batch_size} images cannot be cut into packs of {c.remedies.packing}. Set training.batch_size to "
        "a multiple of remedies.packing.",
    ),
    Rule(
        "batch norm of packs",
        lambda c: (
            c.network.discriminator_norm == "batch"
            and NETWORKS.find(c.network.name).domain == "points"  # an image has many places to compare
            and c.training.batch_size < MIN_BATCH_SIZE * c.remedies.packing
        ),
        "Batch norm in the discriminator compares packs, and a batch of {c.training.batch_size} images holds one pack of "
        "{c.remedies.packing}. Set training.batch_size to at least twice remedies.packing, or network.discriminator_norm to none.",
    ),
    Rule(
        "smoothing needs a target",
        lambda c: c.remedies.label_smoothing > 0 and not OBJECTIVES.find(c.objective.name).has_target,
        "Label smoothing lowers the target for real images, and the objective '{c.objective.name}' has no target. Set "
        "remedies.label_smoothing to 0, or use bce or least_squares.",
    ),
    Rule(
        "pairs without parts",
        lambda c: (
            OBJECTIVES.find(c.objective.name).is_paired and (c.objective.real_weight, c.objective.fake_weight) != (1, 1)
        ),
        "The objective '{c.objective.name}' compares pairs of a real and a generated image, so its loss has no parts to weight. "
        "Set objective.real_weight and objective.fake_weight to 1.",
    ),
    Rule(
        "augmentation of images",
        lambda c: bool(c.augmentation.kinds) and NETWORKS.find(c.network.name).domain == "points",
        "Augmentation changes images, and the data set '{c.dataset.name}' holds points. Set augmentation.kinds to none.",
    ),
    Rule(
        "something to adapt",
        lambda c: c.augmentation.adaptive and not c.augmentation.kinds,
        "With augmentation.kinds none there is nothing to adapt. Set augmentation.kinds to color,translation,cutout, or "
        "augmentation.adaptive to false.",
    ),
    Rule(
        "something to learn",
        lambda c: c.objective.real_weight == 0 and c.objective.fake_weight == 0,
        "With objective.real_weight and objective.fake_weight both 0 the discriminator has nothing to learn. Set one above 0.",
    ),
)
