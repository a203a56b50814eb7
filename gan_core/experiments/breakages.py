"""Ways to break a model on purpose, each by one setting, and the same model with that setting repaired.

The repaired rerun has the same seed, data order, latents, optimiser and number of steps, so every difference between the two
comes from that setting. A branch trains on from the broken model's weights at a checkpoint with the setting repaired.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from gan_core.analysis import comparing
from gan_core.config import RunConfig, get, with_changes
from gan_core.config.registry import Registry
from gan_core.config.settings import Settings
from gan_core.experiments import arms, follow_up
from gan_core.presets import preset_config
from gan_core.runs import Run
from gan_core.runs.branching import can_branch

IGNORED = (
    "preset",
    "training.device",
    "training.threads",
    "training.deterministic",
    "training.precision",
    "recording.",
)
LEFT_OPEN = ("conditioning.labels", "conditioning.exclusive")  # by a preset; a run's configuration names them


@dataclasses.dataclass(frozen=True)
class Breakage:
    """A way to break a model.

    Attributes:
        title, story: what is set wrong, and its effect, for people.
        preset: the base of the model.
        field, broken, repaired: the one setting and its two values.
        also: other settings, the same in both.
        caution: where a run as small as this one shows less than the story.
        minutes: rough time on two quiet cores.
    """

    title: str
    story: str
    preset: str
    field: str
    broken: float
    repaired: float
    minutes: float
    also: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    caution: str = ""

    @property
    def config(self) -> RunConfig:
        """The broken configuration."""
        return with_changes(preset_config(self.preset), {**self.also, self.field: self.broken})

    @property
    def repair(self) -> dict[str, float]:
        """The change that repairs it: dotted field -> value."""
        return {self.field: self.repaired}

    @property
    def can_branch(self) -> bool:
        """Whether the setting can be changed in a branch."""
        return can_branch(self.repair)


BREAKAGES: Registry[Breakage] = Registry(
    "way to break a model",
    {
        "clip": Breakage(
            "Clipping bound ten times too large",
            "A Wasserstein critic must have a bounded slope, so its weights are clipped. With 0.1 instead of 0.01 the slope may be far "
            "larger and training unstable: up to ten times per layer without batch norm; with it, as in R3's critic, the scale of the weights "
            "before it cancels (Ioffe and Szegedy 2015, section 3.3) and clipping bounds batch norm's own gain. In report R3's long training "
            "much of the variety of faces was lost.",
            "r3-collapse-lite", "objective.weight_clip", 0.1, 0.01, 3,
            caution="At this small size both runs may look varied. Measure both.",
        ),
        "few": Breakage(
            "Too little data: 64 digits",
            "With so few images the discriminator memorises all of them and rejects everything else that the generator produces, so its digits "
            "stay poor (reports R1 and R4).",
            "mnist-dcgan", "dataset.num_images", 64, 0, 2, {"training.epochs": 1400, "training.max_steps": 1400},
        ),
        "ratio": Breakage(
            "Loss weight 0 on generated images",
            "With weights 1 : 0 for real and generated images, the answer “real” for every image has zero loss. The discriminator's gradient "
            "vanishes, and the generator produces the same grey pattern for every latent (report R2).",
            "r2-ratio-1-0-lite", "objective.fake_weight", 0.0, 1.0, 4,
        ),
        "strong": Breakage(
            "Too many discriminator updates",
            "The discriminator makes twenty updates per generator update. It soon separates real from generated with certainty, and its gradient "
            "no longer helps the generator.",
            "mnist-dcgan", "objective.n_critic", 20, 1, 3,
        ),
        "narrow": Breakage(
            "The latent is a single number",
            "Everything that the generator can produce then lies on one curve in image space: the same few digits again and again, with hardly any "
            "variation, however long it trains. This collapse is visible at once.",
            "mnist-dcgan", "network.latent_dim", 1, 100, 3,
        ),
    },
)  # fmt: skip


def breakage_of(config: RunConfig) -> Breakage | None:
    """The breakage of a run's configuration; None where none matches."""
    for breakage in BREAKAGES.values():
        if get(config, breakage.field) == breakage.broken and _alike(config, breakage.config, LEFT_OPEN):
            return breakage
    for breakage in BREAKAGES.values():  # another preset with the same setting
        same_objective = config.objective.name == breakage.config.objective.name  # where the setting means the same
        if (
            breakage.field.startswith("objective.")
            and get(config, breakage.field) == breakage.broken
            and same_objective
        ):
            return breakage
    return None


def partners(run: Run, runs: Sequence[Run]) -> list[Run]:
    """The runs that differ from a broken one only in the repaired setting: those of the same number format first, in their order.

    Not those whose settings were changed live, or that ended before their last step: more than that one setting differs there.
    """
    config = arms.config_or_none(run)
    breakage = breakage_of(config) if config else None
    if config is None or breakage is None:
        return []
    configs = [(other, arms.config_or_none(other)) for other in runs]
    found = [
        (other, theirs.training.precision)
        for other, theirs in configs
        if theirs
        and get(theirs, breakage.field) == breakage.repaired
        and _alike(config, theirs, (breakage.field,))
        and not comparing.departures(other)
    ]
    return [other for other, _ in sorted(found, key=lambda pair: pair[1] != config.training.precision)]


def repair(settings: Settings, run: Run, breakage: Breakage, step: int | None = None) -> Run:
    """Queues the same model with the setting repaired: a rerun from step 0, or a branch from a checkpoint.

    Raises:
        ValueError: as `follow_up.rerun` and `follow_up.branch`.
    """
    if step is None:
        return follow_up.rerun(settings, run, breakage.repair, f"{run.name}, repaired from step 0")
    return follow_up.branch(settings, run, step, breakage.repair, title=f"{run.name}, repaired from step {step:,}")


def _alike(left: RunConfig, right: RunConfig, but: Sequence[str]) -> bool:
    """Whether two configurations differ in no field other than IGNORED and `but`."""
    return not arms.other_differences(left, right, (*IGNORED, *but))
