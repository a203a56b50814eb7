"""Which games in the plane are offered: ready-made stories, and the game that a run plays. Free of torch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gan_core.config import RunConfig, differences, get, with_changes
from gan_core.config.registry import Registry
from gan_core.models.kinds import kind_of
from gan_core.training.plan import check as check_config

DATA = ("ring8", "grid25", "points")
LATENT_DIM = 2  # a latent is a place in the plane too, so that its grid can be drawn
WIDTH = 128
STEPS = 5_000

BASE = with_changes(
    RunConfig(),
    {
        "dataset.name": "ring8",
        "network.name": "mlp",
        "network.width": WIDTH,
        "network.latent_dim": LATENT_DIM,
        "network.discriminator_norm": "none",
        "training.batch_size": 128,
        "training.max_steps": STEPS,
        "training.device": "cpu",
        "training.precision": "fp32",
        "training.threads": 1,
    },
)

LIVE_FIELDS = (
    *(f"objective.{name}" for name in ("name", "real_weight", "fake_weight", "n_critic", "weight_clip")),
    *("penalty.name", "penalty.weight", "remedies.label_smoothing", "remedies.instance_noise"),
    *("generator_optimizer.learning_rate", "discriminator_optimizer.learning_rate", "training.max_steps"),
)
"""What may change while a game goes on; anything else begins a new one."""

CARRIED = (
    *(name for name in LIVE_FIELDS if name.startswith(("objective.", "penalty.", "remedies."))),
    "remedies.packing",
    *(f"{who}_optimizer.{name}" for who in ("generator", "discriminator") for name in ("name", "learning_rate", "beta1", "beta2", "schedule")),
    *(f"network.{name}" for name in ("spectral_norm", "spectral_scale", "leaky_output")),
    *(f"training.{name}" for name in ("batch_size", "seed")),
)  # fmt: skip
"""What a game takes over from a run; data, networks, labels and the running average it does not."""


@dataclass(frozen=True)
class Story:
    """A prepared game.

    Attributes:
        title: its name for people.
        lesson: what to look for.
        config: all of it.
    """

    title: str
    lesson: str
    config: RunConfig


def _both(name: str, rate: float, beta1: float, beta2: float) -> dict[str, Any]:
    """Both networks' optimisers."""
    fields = {"name": name, "learning_rate": rate, "beta1": beta1, "beta2": beta2}
    return {
        f"{who}_optimizer.{name}": value for who in ("generator", "discriminator") for name, value in fields.items()
    }


_ADAM = _both("adam", 5e-4, 0.9, 0.999)  # the usual momentum, with which plain cross-entropy collapses here
_FALLING = {f"{who}_optimizer.schedule": "linear" for who in ("generator", "discriminator")}
_WASSERSTEIN = {"objective.name": "wasserstein", "objective.n_critic": 5}


def _story(title: str, lesson: str, changes: dict[str, Any]) -> Story:
    return Story(title, lesson, with_changes(BASE, changes))


STORIES: Registry[Story] = Registry(
    "story",
    {
        "r1": _story(
            "BCE + R1 converges",
            "The first GAN loss, with a penalty on D's slope at the real points (R1). Its output becomes flat there, G no longer jumps "
            "between modes, and all modes are found; learning rates that fall over the second half let the points settle on them. In "
            "our runs all six seeds from 0 to 5 had all modes after 5,000 steps, with 78 % to 87 % of the points on them.",
            {**_both("adam", 1e-3, 0.5, 0.999), **_FALLING, "penalty.name": "r1", "penalty.weight": 0.1},
        ),
        "bce": _story(
            "Standard loss: collapses",
            "The first GAN loss with Adam's usual momentum. G puts all its points where D is weakest, D learns to reject that "
            "place, and all points move on: the modes are visited in turn, not all at once. In our runs seeds 0 to 2 were still "
            "collapsed after 2,000 steps; seed 3 was not. A tuned one "
            "does better: with the optimisers of the story before this one seeds 0 to 2 found 7 or 8 modes, with 75 % to 92 % of the "
            "points on them.",
            _ADAM,
        ),
        "wgan": _story(
            "WGAN, clipped weights",
            "D outputs scores, not probabilities, and its weights are clipped to ±0.1: in such a small network the slope then "
            "stays small (in a deep one it may be far too large with 0.1, lesson 4). G gets a gradient everywhere. It spreads "
            "over all modes, but hits few of them exactly.",
            {**_WASSERSTEIN, "objective.weight_clip": 0.1, **_both("rmsprop", 5e-4, 0.0, 0.99)},
        ),
        "wgan-gp": _story(
            "WGAN-GP",
            "Instead of clipping weights, a penalty on slopes other than 1 between real and generated points. D's output falls "
            "evenly from the real points to the others.",
            {**_WASSERSTEIN, "penalty.name": "gradient", "penalty.weight": 0.1, **_both("adam", 5e-4, 0.5, 0.9)},
        ),
        "pacgan2": _story(
            "PacGAN2",
            "The collapsing setting with one change: D classifies two points at once. Two identical points reveal a collapsed G.",
            {**_ADAM, "remedies.packing": 2},
        ),
    },
)
"""Name -> story, in the order of the page."""


def check(config: RunConfig) -> None:
    """Refuses a game that cannot be played.

    Raises:
        ValueError: parts that do not fit each other (see `gan_core.models.compatibility`), or no game in the plane at all.
    """
    if config.dataset.name not in DATA or config.network.latent_dim != LATENT_DIM:
        raise ValueError(
            f"The 2-D lab needs one of {', '.join(DATA)} with latents of size {LATENT_DIM}; got '{config.dataset.name}' and "
            f"{config.network.latent_dim}."
        )
    check_config(config)


def same_game(before: RunConfig, after: RunConfig) -> bool:
    """Whether one can become the other while it is played."""
    return set(differences(before, after)) <= {*LIVE_FIELDS, "preset"}


def game_of(config: RunConfig, total_steps: int) -> RunConfig:
    """The game of a run in the plane: its objective, penalty, remedies, optimisers, batch and number of steps.

    Args:
        config: of the run.
        total_steps: of the run.

    Raises:
        ValueError: the run plays no game, or in the plane its parts do not fit each other.
    """
    kind = kind_of(config)
    if not kind.has_discriminator:
        raise ValueError(
            f"This run is a {kind.title}: it has no discriminator, so there is no training to show here. Choose a GAN."
        )
    game = with_changes(BASE, {name: get(config, name) for name in CARRIED} | {"training.max_steps": total_steps})
    check(game)
    return game
