"""Which parts fit each other: every illegal pair, with its reason and the way out. Free of torch."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gan_core.config import MIN_BATCH_SIZE, RunConfig, get
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


RULES: tuple[Rule, ...] = (
    *(_defaults(fixed, kind) for kind in KINDS.values() for fixed in kind.fixed),
    Rule(
        "gradient penalty without batch norm",
        lambda c: _per_sample_penalty(c) and c.network.discriminator_norm == "batch",
        "The penalty '{c.penalty.name}' measures the discriminator's gradient for each image by itself, and batch norm makes "
        "images depend on each other. Set network.discriminator_norm to none.",
    ),
    Rule(
        "gradient penalty without minibatch std",
        lambda c: _per_sample_penalty(c) and c.remedies.minibatch_std,
        "The penalty '{c.penalty.name}' measures the discriminator's gradient for each image by itself, and minibatch standard "
        "deviation makes images depend on each other. Switch remedies.minibatch_std off, or use the penalty r1.",
    ),
    Rule(
        "penalty without packing",
        lambda c: c.penalty.name != "none" and c.remedies.packing > 1,
        "A penalty judges one image, and packing makes the discriminator judge {c.remedies.packing} at once. Set penalty.name "
        "to none or remedies.packing to 1.",
    ),
    Rule(
        "one bound on the critic",
        lambda c: c.objective.weight_clip > 0 and (c.network.spectral_norm or _per_sample_penalty(c)),
        "Weight clipping, spectral norm and gradient penalties each bound the critic's slope; use one. Set "
        "objective.weight_clip to 0; got {c.objective.weight_clip}.",
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
        "The objective '{c.objective.name}' compares pairs of a real and a generated image, so its loss has no parts to weigh. "
        "Set objective.real_weight and objective.fake_weight to 1.",
    ),
    Rule(
        "augmentation of images",
        lambda c: bool(c.augmentation.kinds) and NETWORKS.find(c.network.name).domain == "points",
        "Augmentation changes pictures, and the data set '{c.dataset.name}' holds points. Set augmentation.kinds to none.",
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
