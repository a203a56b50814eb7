"""Four ways to break a model on purpose, each by one setting, and the same model with that setting put right.

The repaired twin has the same seed, data order, latents, optimiser and number of steps; so whatever differs between the two
comes from that one setting. A branch takes the broken model's weights at a checkpoint and goes on with it put right.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from gan_core.config import RunConfig, differences, get, with_changes
from gan_core.config.registry import Registry
from gan_core.config.settings import Settings
from gan_core.presets import preset_config
from gan_core.runs import Run
from gan_core.runs.branching import branch, can_branch
from gan_core.training import plan, queue, supervisor

OF_NO_MATTER = ("preset", "training.device", "training.threads", "training.precision", "training.epochs")
LEFT_OPEN = ("conditioning.labels", "conditioning.exclusive")  # by a preset; a run's configuration names them


@dataclasses.dataclass(frozen=True)
class Way:
    """A way to break a model.

    Attributes:
        title, story: what is set wrong, and what comes of it, for people.
        preset: what the model is otherwise.
        field, sick, sound: the one setting; wrong, and put right.
        also: other settings, the same in both.
        caution: what a run as small as this one shows of it, where that is less than its story.
        minutes: rough time on two quiet cores.
    """

    title: str
    story: str
    preset: str
    field: str
    sick: float
    sound: float
    minutes: float
    also: Mapping[str, Any] = dataclasses.field(default_factory=dict)
    caution: str = ""

    @property
    def broken(self) -> RunConfig:
        """The configuration that is set wrong."""
        return with_changes(preset_config(self.preset), {**self.also, self.field: self.sick})


WAYS: Registry[Way] = Registry(
    "way to break a model",
    {
        "clip": Way(
            "The critic's bound is ten times too wide",
            "A Wasserstein critic must not be steep, so its weights are cut to a small bound. At 0.1 instead of 0.01 it may "
            "become far steeper and push the generator about. In report R3's long training much of the variety of faces was lost.",
            "r3-collapse-lite", "objective.weight_clip", 0.1, 0.01, 3,
            caution="In small, as here, the eye hardly sees it: both may look varied. Measure both.",
        ),
        "few": Way(
            "64 digits, seen a thousand times",
            "With so few images the discriminator learns each by heart. Whatever else the generator draws is called false, and it "
            "is left with poor digits (reports R1 and R4).",
            "mnist-dcgan", "dataset.num_images", 64, 0, 2, {"training.epochs": 1400, "training.max_steps": 1400},
        ),
        "ratio": Way(
            "The discriminator is paid for real images only",
            "With weights 1 : 0 for real and generated images, answering “real” to everything costs nothing. Its verdict is "
            "flat, and the generator draws the same grey pattern for every latent (report R2).",
            "r2-ratio-1-0-lite", "objective.fake_weight", 0.0, 1.0, 4,
        ),
        "strong": Way(
            "The discriminator is far ahead",
            "It takes twenty steps for each one of the generator's. It soon tells real from generated without doubt, and a verdict "
            "without doubt gives no direction to learn in.",
            "mnist-dcgan", "objective.n_critic", 20, 1, 3,
        ),
    },
)  # fmt: skip


def way_of(config: RunConfig) -> Way | None:
    """The way in which a run is broken; None for one that is not, or in another way."""
    for way in WAYS.values():
        if get(config, way.field) == way.sick and _alike(config, way.broken, LEFT_OPEN):
            return way
    for way in WAYS.values():  # a preset of the user's own making, with the same mistake
        if way.field.startswith("objective.") and get(config, way.field) == way.sick and _plays(config, way):
            return way
    return None


def partners(run: Run, runs: Sequence[Run]) -> list[Run]:
    """Those of the runs that differ from a broken one only in the setting put right, in their order."""
    found = []
    with suppress(ValueError):
        config = run.config()
        way = way_of(config)
        for other in runs if way is not None else ():
            with suppress(ValueError):
                theirs = other.config()
                if way and get(theirs, way.field) == way.sound and _alike(config, theirs, (way.field,)):
                    found.append(other)
    return found


def break_model(settings: Settings, way: Way) -> Run:
    """Queues the broken model.

    Raises:
        ValueError: as `jobs.submit`.
    """
    return supervisor.submit(settings, way.broken, way.title)


def train_twin(settings: Settings, run: Run, way: Way) -> Run:
    """Queues the same model, from step 0, with the one setting put right.

    Raises:
        ValueError: as `jobs.submit`.
    """
    return supervisor.submit(settings, with_changes(run.config(), {way.field: way.sound}), f"{run.name[:60]}, repaired")


def can_branch_off(way: Way) -> bool:
    """Whether the setting can be put right in the middle of a run."""
    return can_branch({way.field: way.sound})


def branch_off(settings: Settings, run: Run, way: Way, step: int) -> Run:
    """Queues a run that goes on from the broken one's checkpoint with the one setting put right.

    Raises:
        ValueError: as `branching.branch`.
    """
    changes = {way.field: way.sound}
    plan.check(with_changes(run.config(), changes))
    made = branch(settings.runs_dir, run, step, changes, f"{run.name[:50]}, repaired from {step}")
    queue.enqueue(made)
    return made


def _alike(left: RunConfig, right: RunConfig, but: Sequence[str]) -> bool:
    """Whether two configurations play the same game: they may differ only in what does not matter to it."""
    ignored = (*OF_NO_MATTER, *but)
    return all(name in ignored or name.startswith("recording.") for name in differences(left, right))


def _plays(config: RunConfig, way: Way) -> bool:
    """Whether a setting means in this run what it means in the way's own."""
    return config.objective.name == way.broken.objective.name
